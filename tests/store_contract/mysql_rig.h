#pragma once

#include "store/mysql/mysql_backend.h"
#include "store_contract/backends.h"

namespace dtmd::store::test {

/// MariaDB on its own tables, one database for each test.
std::vector<Candidate> mysql_candidates();

/// One backend of its own; the test fails if it can't be made.
std::unique_ptr<Backend> open_backend(MySqlOptions options);

/// What the SQL stores keep of a transaction: steps and payloads as the branches say.
txn::Transaction as_rows_keep(txn::Transaction transaction);

}  // namespace dtmd::store::test
