#pragma once

#include "store_contract/servers/mariadb.h"

#include <string>

namespace dtmd::store::test {

/// A database with the tables as dtm's own script makes them (protocol.md 7.1), which are narrower than ours.
void make_dtm_tables(MariaDb& server, const std::string& database);

}  // namespace dtmd::store::test
