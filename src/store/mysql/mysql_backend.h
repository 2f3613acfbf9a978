#pragma once

#include "base/result.h"
#include "store/group_commit.h"
#include "store/sql/endpoint.h"
#include "store/sql/schema.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// Transactions in MySQL 5.7+, MariaDB 10.5+, Galera or TiDB, on dtm's own tables (sql/mysql.sql).
namespace dtmd::store {

struct MySqlTls {
    enum class Mode { off, require, verify };
    Mode mode = Mode::off;                     ///< require: encrypt. verify: also check who answers.
    std::string ca_file, cert_file, key_file;  ///< PEM; empty: none (verify then uses the system's authorities).
};

struct MySqlOptions {
    std::vector<sql::Endpoint> hosts;  ///< Tried in order; the one that works is kept until it fails.
    std::string unix_socket;           ///< If set, used instead of the hosts.
    std::string user, password;
    std::string database = "dtm";
    MySqlTls tls{};
    std::chrono::seconds connect_timeout{3};
    std::chrono::seconds timeout{10};      ///< For one answer of the server.
    std::chrono::seconds lock_timeout{1};  ///< For a row that someone else keeps locked. Less than `timeout`.
    bool create_schema = true;             ///< Creates the database and missing tables, if the user may.
    bool require_durable = false;          ///< Refuses a server that could lose what it has acknowledged.

    /// What the `datetime` columns mean: hours east of UTC. Unset: the process's own time zone, as dtm does.
    std::optional<std::chrono::seconds> zone_offset{};

    /// A connection was made to a server of which this is new. Any thread, one at a time.
    std::function<void(const sql::ServerReport&)> on_report{};

    /// A change or a row was refused for good, in one sentence with its gid: a person has to look. Any thread.
    std::function<void(const std::string&)> on_refusal{};
};

/// A factory of backends, each with one connection of its own, made when it is first needed. No server has to
/// be up for this: until one is, calls fail with `unavailable` and say why; ping() tells when all is well.
///
/// Two writers are enough: more wait for the same log of the server.
///
/// Errors: `invalid`: no host at all.
Result<BackendFactory> open_mysql(MySqlOptions options);

/// Creates the database and tables that are missing, then mends every difference that has a remedy. Returns what it
/// did, one sentence each. `options.create_schema` does not matter.
Result<std::vector<std::string>> apply_mysql_schema(const MySqlOptions& options);

/// Every way in which the database is not as sql/mysql.sql says; none: it is.
Result<std::vector<sql::Difference>> check_mysql_schema(const MySqlOptions& options);

}  // namespace dtmd::store
