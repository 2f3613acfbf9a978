#include "store/redis/server_check.h"

#include "store/redis/refusal.h"

#include <array>
#include <cstdlib>

namespace dtmd::store::redis {
namespace {

// The value of `key` in the text of INFO.
std::string info(std::string_view text, std::string_view key) {
    const std::string mark = "\n" + std::string(key) + ":";
    const auto at = text.find(mark);
    if (at == std::string_view::npos) return {};
    const auto begin = at + mark.size();
    return std::string(text.substr(begin, text.find_first_of("\r\n", begin) - begin));
}

ServerFacts facts_of(const Shared& shared, const Reply& said, const Reply& appendfsync) {
    const auto& options = shared.options;
    ServerFacts facts;
    const std::string aof = info(said.text, "aof_enabled");
    facts.appendonly = aof.empty() ? "" : aof == "1" ? "yes" : "no";
    facts.appendfsync = appendfsync.is_error() ? "" : appendfsync.at(1);
    facts.maxmemory = info(said.text, "maxmemory");
    facts.maxmemory_policy = info(said.text, "maxmemory_policy");
    facts.has_replicas = !info(said.text, "connected_slaves").empty() && info(said.text, "connected_slaves") != "0";
    facts.is_watched = options.topology != RedisTopology::single;
    facts.wait_replicas = options.wait_replicas;
    return facts;
}

Error refuse(const Connection& connection, std::string_view why) {
    return {Errc::unavailable, "The Redis server " + connection.address().text() + " " + std::string(why)};
}

}  // namespace

Durability judge(const ServerFacts& facts, const Address& server) {
    Durability out;
    const std::string who = "Redis at " + server.text() + ": ";
    const auto note = [&](std::string_view text) { out.notes.push_back(who + std::string(text)); };
    // What is not good enough comes first: it is what a refusal quotes.
    const auto lacking = [&](std::string_view text) {
        out.notes.insert(out.notes.begin(), who + std::string(text));
        out.is_durable = false;
    };
    if (facts.appendonly == "no") {
        lacking("appendonly is off, so a crash loses all since its last snapshot; set `appendonly yes`.");
    } else if (facts.appendonly.empty() || facts.appendfsync.empty()) {
        lacking("what it keeps over a crash can't be checked; let our user run INFO and CONFIG GET.");
    } else if (facts.appendfsync == "no") {
        lacking("appendfsync is no, so a power cut loses about the last half minute; set everysec or always.");
    } else if (facts.appendfsync == "everysec") {
        note("appendfsync is everysec, so a power cut can lose the last second; `always` loses nothing.");
    }
    const bool evicts = !facts.maxmemory_policy.empty() && facts.maxmemory_policy != "noeviction";
    if (evicts && facts.maxmemory != "0") {
        lacking("maxmemory-policy is " + facts.maxmemory_policy +
                ", so it throws transactions away when memory is short; set noeviction.");
    }
    if ((facts.is_watched || facts.has_replicas) && facts.wait_replicas == 0) {
        note("a failover can lose what no replica had yet; have changes wait for replicas (wait_replicas).");
    }
    return out;
}

Result<void> check_server(Connection& connection, Shared& shared) {
    const std::array commands{command("ROLE"), command("INFO"), command("CONFIG", "GET", "appendfsync"),
                              command("PING")};
    const auto answers = connection.ask(commands);
    for (const Answer& answer : answers) {
        if (!answer) return Error{Errc::unavailable, answer.error().what};
    }
    // A user may lack the right to ask some of it; that it can't even PING is another matter.
    const Reply &role = *answers[0], &said = *answers[1], &ping = *answers[3];
    if (ping.is_error()) return Error{Errc::unavailable, explain(ping.text, connection.address()).what};
    if (!role.is_error() && role.at(0) != "master") return refuse(connection, "is a replica. We look for its primary.");
    if (info(said.text, "loading") == "1") return refuse(connection, "is still loading its data. It ends by itself.");
    const std::string version = info(said.text, "redis_version");
    if (!version.empty() && std::atoi(version.c_str()) < 6) {
        return refuse(connection, "is version " + version + ". We need 6.0 or newer.");
    }
    const auto durability = judge(facts_of(shared, said, *answers[2]), connection.address());
    shared.tell_durability(durability);
    if (shared.options.require_durable && !durability.is_durable) {
        return refuse(connection,
                      "is not durable enough, and the configuration says that it must be: " + durability.notes.front());
    }
    return {};
}

}  // namespace dtmd::store::redis
