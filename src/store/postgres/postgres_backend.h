#pragma once

#include "base/result.h"
#include "store/group_commit.h"
#include "store/sql/endpoint.h"
#include "store/sql/schema.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

// Transactions in PostgreSQL 12+, or in what speaks its protocol (CockroachDB, YugabyteDB), on dtm's own tables
// (sql/postgres.sql).
namespace dtmd::store {

struct PostgresTls {
    enum class Mode { off, require, verify };
    Mode mode = Mode::off;                     ///< require: encrypt. verify: also check who answers.
    std::string ca_file, cert_file, key_file;  ///< PEM; empty: none (verify then uses the system's authorities).
};

struct PostgresOptions {
    std::vector<sql::Endpoint> hosts;  ///< Tried in order; the one that works is kept until it fails.
    std::string unix_socket;           ///< The folder of the server's socket; if set, used instead of the hosts.
    std::string user, password;
    std::string database = "dtm";
    std::string schema = "public";
    PostgresTls tls{};
    std::chrono::seconds connect_timeout{3};
    std::chrono::seconds timeout{10};  ///< For one answer of the server. Locks are waited for a second at most.
    bool create_schema = true;         ///< Creates the database, schema and missing tables, if the user may.
    bool require_durable = false;      ///< Refuses a server that could lose what it has acknowledged.

    /// A connection was made to a server of which this is new. Any thread, one at a time.
    std::function<void(const sql::ServerReport&)> on_report{};

    /// A change or a row was refused for good, as one sentence with its gid: a person has to look. Any thread.
    std::function<void(const std::string&)> on_refusal{};
};

/// A factory of backends, each with one connection of its own, which is made when it is first needed. No server has to
/// be up for this: until one is, calls fail with `unavailable` and say why; ping() tells when all is well.
///
/// Errors: `invalid`: no host at all.
Result<BackendFactory> open_postgres(PostgresOptions options);

/// Creates the database, schema and tables that are missing, then mends every difference that has a remedy. Returns
/// what it did, one sentence each. `options.create_schema` does not matter.
Result<std::vector<std::string>> apply_postgres_schema(const PostgresOptions& options);

/// Every way in which the database is not as sql/postgres.sql says; none: it is.
Result<std::vector<sql::Difference>> check_postgres_schema(const PostgresOptions& options);

}  // namespace dtmd::store
