#include "store/postgres/server.h"

#include "store/postgres/schema.h"

#include <algorithm>

namespace dtmd::store::postgres {
namespace {

// An unset setting: the server is not PostgreSQL itself and has no such thing.
struct Settings {
    std::string synchronous_commit, fsync, full_page_writes, standbys;
    bool has_standbys_setting = false;
};

std::vector<std::string> risks_of(const Settings& settings, const PostgresOptions& options) {
    std::vector<std::string> risks;
    if (settings.fsync == "off") {
        risks.push_back(
            "fsync is off: a power cut could lose acknowledged changes or damage the whole database; set it to on");
    }
    if (settings.synchronous_commit == "off") {
        risks.push_back(
            "synchronous_commit is off: a crash of the server could lose the last acknowledged changes; set it to on");
    }
    if (settings.full_page_writes == "off") {
        risks.push_back(
            "full_page_writes is off: a power cut could damage the database, unless its file system never writes half "
            "a page; set it to on");
    }
    const bool is_local = settings.synchronous_commit == "local" || settings.synchronous_commit == "off";
    const bool is_replicated_first = !settings.standbys.empty() && !is_local;
    const bool has_failover = options.hosts.size() > 1 && options.unix_socket.empty();
    if (has_failover && settings.has_standbys_setting && !is_replicated_first) {
        risks.push_back(
            "several hosts are configured, and this one acknowledges before a standby has the change: a failover could "
            "lose the last changes; set synchronous_standby_names, and synchronous_commit to on");
    }
    return risks;
}

Failure unusable(const Session& session, Fault fault, const std::string& why) {
    return {.fault = fault, .code = {}, .what = "The database at " + session.server() + " " + why};
}

std::string joined(const std::vector<std::string>& parts) {
    std::string all;
    for (const auto& part : parts) all += (all.empty() ? "" : "; ") + part;
    return all;
}

std::string no_database(const std::string& database) {
    return "has no database " + quoted_name(database) +
           ". Create it with `dtmd schema apply`, or let the user create databases.";
}

Attempt<void> create_database(const PostgresOptions& options, const sql::Endpoint& host) {
    const auto session = Session::connect(options, host, "postgres");
    if (!session) return session.error();
    auto created = (*session)->run(
        {.text = "CREATE DATABASE " + quoted_name(options.database) + " ENCODING 'UTF8' TEMPLATE template0"});
    // Another node may have been quicker.
    const bool is_there = created || created.error().code == "42P04" || created.error().code == "23505";
    if (is_there) return {};
    return unusable(**session, Fault::refused, no_database(options.database) + " " + created.error().what);
}

// Several connections may find an empty database at once. CREATE ... IF NOT EXISTS can still fail then, though only
// because another one has just done the same.
Attempt<FoundSchema> find_or_create(Session& session, const PostgresOptions& options) {
    constexpr int most_attempts = 20;
    for (int attempt = 1;; ++attempt) {
        auto found = read_schema(session);
        if (!found || !options.create_schema || !found->lacks_a_table()) return found;
        const auto created = create_tables(session);
        if (created) continue;
        if (created.error().fault == Fault::lost || attempt == most_attempts) return created.error();
        if (created.error().code == "42501") {
            return unusable(session, Fault::refused,
                            "lacks dtm's tables, and this user may not create them. Grant CREATE on the schema " +
                                quoted_name(options.schema) + ", or run `dtmd schema apply` as its owner.");
        }
    }
}

}  // namespace

std::string quoted_name(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
    return out + "\"";
}

Attempt<std::unique_ptr<Session>> connect_to_database(const PostgresOptions& options, const sql::Endpoint& host,
                                                      bool create) {
    auto session = Session::connect(options, host, options.database);
    if (session || session.error().code != "3D000" || !create) return session;
    if (auto created = create_database(options, host); !created) return created.error();
    return Session::connect(options, host, options.database);
}

Attempt<void> inspect(Session& session, const PostgresOptions& options) {
    auto reply = session.run({.text = "SELECT pg_is_in_recovery(),current_setting('transaction_read_only'),version(),"
                                      "current_setting('server_encoding',true),"
                                      "current_setting('synchronous_commit',true),current_setting('fsync',true),"
                                      "current_setting('full_page_writes',true),"
                                      "current_setting('synchronous_standby_names',true)"});
    if (!reply) return reply.error();
    if (!reply->next()) return unusable(session, Fault::refused, "does not say what it is.");
    if (reply->flag(0) || reply->text(1) == "on") {
        return unusable(session, Fault::demoted,
                        "is read-only: a standby, or it was demoted. dtmd uses the first host that takes changes.");
    }
    const Settings settings{.synchronous_commit = std::string(reply->text(4)),
                            .fsync = std::string(reply->text(5)),
                            .full_page_writes = std::string(reply->text(6)),
                            .standbys = std::string(reply->text(7)),
                            .has_standbys_setting = !reply->is_null(7)};
    auto& report = session.facts.report;
    report.server = session.server();
    report.version = reply->text(2);
    report.risks = risks_of(settings, options);
    const auto encoding = reply->text(3);
    if (!encoding.empty() && encoding != "UTF8") {
        report.notes.push_back("the database's encoding is " + std::string(encoding) +
                               ", expected UTF8: texts with characters it lacks are refused");
    }
    if (options.require_durable && !report.is_durable()) {
        return unusable(
            session, Fault::refused,
            "could lose what it has acknowledged, and Store.RequireDurable is set: " + joined(report.risks) + ".");
    }
    return {};
}

Attempt<bool> choose_schema(Session& session, const std::string& schema, bool create) {
    const std::string name = quoted_name(schema);
    const Query look{.text = "SELECT 1 FROM pg_namespace WHERE nspname=$1::text",
                     .parameters = std::move(Parameters().text(schema))};
    auto found = session.run(look);
    if (found && found->size() == 0 && create) {
        const auto created = session.run({.text = "CREATE SCHEMA IF NOT EXISTS " + name});
        if (!created && created.error().fault == Fault::lost) return created.error();
        found = session.run(look);
    }
    if (!found) return found.error();
    if (found->size() == 0) return false;
    const auto chosen = session.run(
        {.text = "SELECT set_config('search_path',$1::text,false)", .parameters = std::move(Parameters().text(name))});
    if (!chosen) return chosen.error();
    return true;
}

Attempt<void> prepare(Session& session, const PostgresOptions& options) {
    if (auto inspected = inspect(session, options); !inspected) return inspected;
    const auto chosen = choose_schema(session, options.schema, options.create_schema);
    if (!chosen) return chosen.error();
    if (!*chosen) {
        return unusable(session, Fault::refused,
                        "has no schema " + quoted_name(options.schema) +
                            ". Create it with `dtmd schema apply`, or set Store.CreateSchema and let the user create "
                            "schemas.");
    }
    const auto found = find_or_create(session, options);
    if (!found) return found.error();

    std::vector<std::string> fatal;
    for (const sql::Difference& difference : differences(*found)) {
        (difference.is_fatal ? fatal : session.facts.report.notes).push_back(difference.what);
    }
    if (!fatal.empty()) {
        return unusable(session, Fault::refused,
                        "has other tables than dtmd needs: " + joined(fatal) +
                            ". Run `dtmd schema apply`, or set Store.CreateSchema.");
    }
    session.facts.limits = found->limits();
    return {};
}

}  // namespace dtmd::store::postgres
