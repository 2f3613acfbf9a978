#include "store/mysql/server.h"

#include "store/mysql/schema.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace dtmd::store::mysql {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

// Some servers report a variable they don't have as missing, some switches as ON and some as 1.
std::string_view get(const Variables& variables, std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string_view() : std::string_view(found->second);
}

bool is_on(const Variables& variables, std::string_view name) {
    const auto value = get(variables, name);
    return !value.empty() && value != "OFF" && value != "0" && value != "NO";
}

Attempt<Variables> read_variables(Session& session) {
    auto replies = session.run(
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version','read_only','super_read_only','innodb_read_only',"
        "'max_allowed_packet','binlog_format','innodb_flush_log_at_trx_commit','sync_binlog','log_bin','wsrep_on',"
        "'auto_increment_increment','rpl_semi_sync_master_enabled','rpl_semi_sync_source_enabled','group_replication_"
        "group_name');"
        "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready','wsrep_cluster_status')");
    if (!replies) return replies.error();
    Variables all;
    for (Reply& reply : *replies) {
        while (reply.next()) all.emplace(reply.text(0), reply.text(1));
    }
    return all;
}

// SKIP LOCKED: MariaDB since 10.6, MySQL since 8.0.1, TiDB not.
bool skips_locked(std::string_view version) {
    if (version.find("TiDB") != version.npos) return false;
    if (version.starts_with("5.5.5-")) version.remove_prefix(6);  // How MariaDB calls itself to old clients.
    int major = 0, minor = 0;
    const char* const end = version.data() + version.size();
    const auto dot = std::from_chars(version.data(), end, major).ptr;
    if (dot != end) std::from_chars(dot + 1, end, minor);
    const bool is_maria = version.find("MariaDB") != version.npos;
    return is_maria ? major > 10 || (major == 10 && minor >= 6) : major >= 8;
}

std::vector<std::string> risks_of(const Variables& variables, const MySqlOptions& options) {
    std::vector<std::string> risks;
    const auto flush = get(variables, "innodb_flush_log_at_trx_commit");
    if (!flush.empty() && flush != "1") {
        risks.push_back("innodb_flush_log_at_trx_commit is " + std::string(flush) + ": a " +
                        (flush == "2" ? "power cut" : "crash") +
                        " of the server could lose a second of acknowledged changes; set it to 1");
    }
    const auto sync = get(variables, "sync_binlog");
    if (is_on(variables, "log_bin") && sync != "1") {
        risks.push_back("sync_binlog is " + std::string(sync) +
                        ": after a power cut the server may roll back acknowledged changes that its binary log has "
                        "lost; set it to 1");
    }
    const bool is_replicated_first = is_on(variables, "wsrep_on") || is_on(variables, "rpl_semi_sync_master_enabled") ||
                                     is_on(variables, "rpl_semi_sync_source_enabled") ||
                                     !get(variables, "group_replication_group_name").empty() ||
                                     get(variables, "version").find("TiDB") != std::string_view::npos;
    if (options.hosts.size() > 1 && options.unix_socket.empty() && !is_replicated_first) {
        risks.push_back(
            "several hosts are configured, and this one acknowledges before a replica has the change: a failover could "
            "lose the last changes; use semi-synchronous replication or Galera");
    }
    return risks;
}

Failure unusable(const Session& session, Fault fault, const std::string& why) {
    return {.fault = fault, .code = 0, .what = "The database at " + session.server() + " " + why};
}

std::string joined(const std::vector<std::string>& parts) {
    std::string all;
    for (const auto& part : parts) all += (all.empty() ? "" : "; ") + part;
    return all;
}

}  // namespace

Attempt<void> inspect(Session& session, const MySqlOptions& options) {
    const auto variables = read_variables(session);
    if (!variables) return variables.error();
    for (const auto* name : {"read_only", "super_read_only", "innodb_read_only"}) {
        if (is_on(*variables, name)) {
            return unusable(session, Fault::demoted,
                            "is read-only (" + std::string(name) +
                                "): a replica, or it was demoted. dtmd uses the "
                                "first host that takes changes.");
        }
    }
    const bool is_galera = is_on(*variables, "wsrep_on");
    if (is_galera && (!is_on(*variables, "wsrep_ready") || get(*variables, "wsrep_cluster_status") != "Primary")) {
        return unusable(session, Fault::demoted, "is a Galera node outside of its primary component.");
    }
    ServerFacts& facts = session.facts;
    facts.report.server = session.server();
    facts.report.version = get(*variables, "version");
    facts.report.risks = risks_of(*variables, options);
    facts.is_galera = is_galera;
    facts.skips_locked = skips_locked(facts.report.version);
    // Galera changes the step when nodes come and go; TiDB hands out keys in ranges.
    const bool is_plain = !is_galera && facts.report.version.find("TiDB") == std::string::npos;
    if (is_plain && get(*variables, "auto_increment_increment") == "1") {
        facts.counting = ServerFacts::Counting::expected;
    }
    const auto packet = get(*variables, "max_allowed_packet");
    std::from_chars(packet.data(), packet.data() + packet.size(), facts.packet_bytes);
    if (facts.packet_bytes == 0) facts.packet_bytes = std::size_t{4} << 20;

    if (options.require_durable && !facts.report.is_durable()) {
        return unusable(session, Fault::refused,
                        "could lose what it has acknowledged, and Store.RequireDurable is set: " +
                            joined(facts.report.risks) + ".");
    }
    // Such a log can't hold what READ COMMITTED writes. Wider locks mean more deadlocks, which are tried again.
    if (is_on(*variables, "log_bin") && get(*variables, "binlog_format") == "STATEMENT") {
        facts.report.notes.emplace_back(
            "binlog_format is STATEMENT: changes lock more than they need; use ROW or MIXED");
        const auto set = session.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        if (!set) return set.error();
    }
    if (!is_galera) return {};
    // A node may be behind the one that took our last change; reading what is already acknowledged matters more.
    const auto synced = session.run("SET SESSION wsrep_sync_wait=1");
    if (!synced) return synced.error();
    return {};
}

Attempt<void> choose_database(Session& session, const std::string& database, bool create) {
    auto is_there = session.use(database);
    if (!is_there) return is_there.error();
    if (*is_there) return {};
    const std::string name = quoted_name(database);
    if (create) {
        const auto created = session.run("CREATE DATABASE IF NOT EXISTS " + name + " DEFAULT CHARACTER SET utf8mb4");
        if (!created) return created.error();
        is_there = session.use(database);
        if (!is_there) return is_there.error();
        if (*is_there) return {};
    }
    return unusable(session, Fault::refused,
                    "has no database " + name + ". Create it with `dtmd schema apply`, or set Store.CreateSchema.");
}

Attempt<void> prepare(Session& session, const MySqlOptions& options) {
    if (auto inspected = inspect(session, options); !inspected) return inspected;
    if (auto chosen = choose_database(session, options.database, options.create_schema); !chosen) return chosen;
    auto found = read_schema(session);
    if (!found) return found.error();
    if (options.create_schema && found->lacks_a_table()) {
        if (auto created = create_tables(session); !created) return created;
        found = read_schema(session);
        if (!found) return found.error();
    }

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
    session.facts.has_due_index = found->has_index("trans_global", "status_next_cron_time");
    return {};
}

}  // namespace dtmd::store::mysql
