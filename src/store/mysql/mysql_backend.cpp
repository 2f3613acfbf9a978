#include "store/mysql/mysql_backend.h"

#include "store/mysql/backend_impl.h"
#include "store/mysql/schema.h"
#include "store/mysql/server.h"

namespace dtmd::store {
namespace {

using mysql::Attempt;
using mysql::Session;

Result<MySqlOptions> checked(MySqlOptions options) {
    if (!options.unix_socket.empty()) options.hosts = {{.host = "localhost", .port = 0}};
    if (!options.hosts.empty()) return options;
    return Error{Errc::invalid, "Store.Host: expected the host of a MySQL or MariaDB server, got nothing"};
}

// Connects to the first host that takes changes and runs `work` there.
template <class T, class Work>
Result<T> on_first_host(const MySqlOptions& given, Work work) {
    const auto options = checked(given);
    if (!options) return options.error();
    MySqlOptions lenient = *options;
    lenient.require_durable = false;
    std::string reasons;
    for (const sql::Endpoint& host : options->hosts) {
        auto session = Session::connect(lenient, host);
        Attempt<void> usable = session ? mysql::inspect(**session, lenient) : Attempt<void>(session.error());
        if (!usable) {
            reasons += (reasons.empty() ? "" : " ") + usable.error().what;
            continue;
        }
        Attempt<T> done = work(**session);
        if (done) return *std::move(done);
        return Error{Errc::unavailable, done.error().what};
    }
    return Error{Errc::unavailable, reasons};
}

using Mended = std::vector<std::string>;
using Differences = std::vector<sql::Difference>;

Attempt<Differences> look(Session& session) {
    auto found = mysql::read_schema(session);
    if (!found) return found.error();
    return mysql::differences(*found);
}

Attempt<Mended> mend(Session& session, const std::string& database) {
    if (auto chosen = mysql::choose_database(session, database, true); !chosen) return chosen.error();
    const auto found = look(session);
    if (!found) return found.error();
    Mended done;
    for (const sql::Difference& difference : *found) {
        if (auto mended = session.run(difference.remedy); !mended) return mended.error();
        done.push_back("mended: " + difference.what);
    }
    return done;
}

Attempt<Differences> compare(Session& session, const std::string& database) {
    const auto is_there = session.use(database);
    if (!is_there) return is_there.error();
    if (*is_there) return look(session);
    Differences all = mysql::differences({});
    all.insert(all.begin(),
               {"the database " + database + " is missing",
                "CREATE DATABASE " + mysql::quoted_name(database) + " DEFAULT CHARACTER SET utf8mb4", true});
    return all;
}

}  // namespace

Result<BackendFactory> open_mysql(MySqlOptions options) {
    auto usable = checked(std::move(options));
    if (!usable) return usable.error();
    auto shared = std::make_shared<mysql::Shared>(*std::move(usable));
    return BackendFactory([shared = std::move(shared)] { return std::make_unique<mysql::MySqlBackend>(shared); });
}

Result<std::vector<std::string>> apply_mysql_schema(const MySqlOptions& options) {
    return on_first_host<Mended>(options, [&](Session& session) { return mend(session, options.database); });
}

Result<std::vector<sql::Difference>> check_mysql_schema(const MySqlOptions& options) {
    return on_first_host<Differences>(options, [&](Session& session) { return compare(session, options.database); });
}

}  // namespace dtmd::store
