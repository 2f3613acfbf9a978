#include "store/redis/refusal.h"

#include <charconv>

namespace dtmd::store::redis {
namespace {

struct Known {
    std::string_view code;
    Refusal kind;
    std::string_view meaning;
};

constexpr Known known[] = {
    {"NOSCRIPT", Refusal::no_script, "has lost our scripts again and again. Does something run SCRIPT FLUSH?"},
    {"MOVED", Refusal::moved, "sent us from node to node. Is the cluster being changed? Check `CLUSTER SLOTS`."},
    {"ASK", Refusal::asked, "sent us from node to node. Is the cluster being changed? Check `CLUSTER SLOTS`."},
    {"TRYAGAIN", Refusal::try_again, "is moving the slot to another node. It ends by itself."},
    {"READONLY", Refusal::not_primary, "is a replica. We look for its primary."},
    {"MASTERDOWN", Refusal::not_primary, "is a replica whose primary is down. We wait for a failover."},
    {"LOADING", Refusal::refused, "is still loading its data. It ends by itself."},
    {"CLUSTERDOWN", Refusal::not_primary, "says that its cluster is down: a slot has no primary. Check the nodes."},
    {"OOM", Refusal::out_of_memory, "has used up its maxmemory. Raise it, or remove what else is stored there."},
    {"MISCONF", Refusal::refused, "can't write to its disk. Check the disk's space and the server's log."},
    {"NOREPLICAS", Refusal::refused, "has fewer replicas than min-replicas-to-write. Check the replicas."},
    {"BUSY", Refusal::refused, "is busy with a script that isn't ours. It ends by itself or by SCRIPT KILL."},
    {"NOAUTH", Refusal::refused, "wants a password. Set user and password of the store."},
    {"WRONGPASS", Refusal::refused, "does not accept the store's user and password. Correct them."},
    {"NOPERM", Refusal::refused, "does not let our user do this. See the manual for the ACL rules it needs."},
    {"EXECABORT", Refusal::refused, "gave the request up."},
    {"ERR max number of clients", Refusal::refused, "has too many connections. Raise its maxclients."},
    {"ERR invalid password", Refusal::refused, "does not accept the store's password. Correct it."},
    {"ERR unknown command", Refusal::refused,
     "doesn't know a command that we need. Redis 6.0 is the oldest that does."},
};

const Known* find(std::string_view error) {
    for (const Known& one : known) {
        if (error.starts_with(one.code)) return &one;
    }
    // Before Redis 7 the refusal of a command inside a script is wrapped into another text.
    if (!error.starts_with("ERR Error running script")) return nullptr;
    for (const Known& one : known) {
        if (error.find("-" + std::string(one.code) + " ") != std::string_view::npos) return &one;
    }
    return nullptr;
}

}  // namespace

Refusal kind_of(std::string_view error) {
    const Known* const one = find(error);
    return one ? one->kind : Refusal::failed;
}

Error explain(std::string_view error, const Address& server) {
    const std::string who = "The Redis server " + server.text() + " ";
    const std::string said = " It said: " + std::string(error.substr(0, 200));
    if (const Known* const one = find(error)) return {Errc::unavailable, who + std::string(one->meaning) + said};
    return {Errc::unknown, who + "failed at a request." + said};
}

std::optional<Redirect> redirect_of(std::string_view error) {
    const auto first = error.find(' ');
    const auto second = error.find(' ', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
    Redirect redirect;
    const std::string_view slot = error.substr(first + 1, second - first - 1);
    if (std::from_chars(slot.data(), slot.data() + slot.size(), redirect.slot).ec != std::errc()) return std::nullopt;
    // Host and port are told apart by the last colon; Redis writes IPv6 hosts without brackets.
    const std::string_view target = error.substr(second + 1, error.find(' ', second + 1) - second - 1);
    const auto colon = target.rfind(':');
    if (redirect.slot >= 16384 || colon == std::string_view::npos) return std::nullopt;
    const std::string_view port = target.substr(colon + 1);
    if (std::from_chars(port.data(), port.data() + port.size(), redirect.to.port).ec != std::errc())
        return std::nullopt;
    redirect.to.host = target.substr(0, colon);
    return redirect;
}

}  // namespace dtmd::store::redis
