#include "store/postgres/postgres_backend.h"

#include "store/postgres/backend_impl.h"
#include "store/postgres/schema.h"
#include "store/postgres/server.h"

namespace dtmd::store {
namespace {

using postgres::Attempt;
using postgres::Session;

Result<PostgresOptions> checked(PostgresOptions options) {
    if (!options.unix_socket.empty() && options.hosts.empty()) options.hosts = {{.host = "localhost", .port = 0}};
    if (!options.unix_socket.empty()) options.hosts.resize(1);
    if (!options.hosts.empty()) return options;
    return Error{Errc::invalid, "Store.Host: expected the host of a PostgreSQL server, got nothing"};
}

// Connects to the first host that takes changes and runs `work` there.
template <class T, class Work>
Result<T> on_first_host(const PostgresOptions& given, bool create, Work work) {
    const auto options = checked(given);
    if (!options) return options.error();
    PostgresOptions lenient = *options;
    lenient.require_durable = false;
    std::string reasons;
    for (const sql::Endpoint& host : options->hosts) {
        auto session = postgres::connect_to_database(lenient, host, create);
        Attempt<void> usable = session ? postgres::inspect(**session, lenient) : Attempt<void>(session.error());
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

using Deeds = std::vector<std::string>;
using Differences = std::vector<sql::Difference>;

Attempt<Deeds> mend(Session& session, const std::string& schema) {
    const auto chosen = postgres::choose_schema(session, schema, true);
    if (!chosen) return chosen.error();
    const auto found = postgres::read_schema(session);
    if (!found) return found.error();
    Deeds done;
    for (const sql::Difference& difference : postgres::differences(*found)) {
        for (const auto& statement : sql::statements(difference.remedy)) {
            if (auto mended = session.run({.text = statement}); !mended) return mended.error();
        }
        done.push_back("mended: " + difference.what);
    }
    return done;
}

Attempt<Differences> compare(Session& session, const std::string& schema) {
    const auto chosen = postgres::choose_schema(session, schema, false);
    if (!chosen) return chosen.error();
    if (*chosen) {
        const auto found = postgres::read_schema(session);
        if (!found) return found.error();
        return postgres::differences(*found);
    }
    Differences all = postgres::differences({});
    all.insert(all.begin(),
               {"the schema " + schema + " is missing", "CREATE SCHEMA " + postgres::quoted_name(schema), true});
    return all;
}

}  // namespace

Result<BackendFactory> open_postgres(PostgresOptions options) {
    auto usable = checked(std::move(options));
    if (!usable) return usable.error();
    auto shared = std::make_shared<postgres::Shared>(*std::move(usable));
    return BackendFactory([shared = std::move(shared)] { return std::make_unique<postgres::PostgresBackend>(shared); });
}

Result<std::vector<std::string>> apply_postgres_schema(const PostgresOptions& options) {
    return on_first_host<Deeds>(options, true, [&](Session& session) { return mend(session, options.schema); });
}

Result<std::vector<sql::Difference>> check_postgres_schema(const PostgresOptions& options) {
    return on_first_host<Differences>(options, false,
                                      [&](Session& session) { return compare(session, options.schema); });
}

}  // namespace dtmd::store
