#pragma once

#include "base/time.h"
#include "engine/actor.h"
#include "engine/coordinator.h"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace dtmd::engine {

/// Which row of which actor wants to call a host. The check-back has a row number of its own.
struct Caller {
    ActorPtr actor;
    std::size_t row = 0;
};
inline constexpr std::size_t check_row = static_cast<std::size_t>(-1);

/// Keeps one slow or dead participant from delaying anything that does not need it: bounded
/// concurrency per host, and a circuit breaker that lets one probe at a time through to a host that keeps failing.
/// One per shard.
class HostGate {
public:
    explicit HostGate(std::size_t most_open) : most_open_(most_open) {}

    enum class Pass : std::uint8_t {
        go,       ///< Call now, then leave().
        queued,   ///< All slots are taken: the caller comes back from leave() in its turn.
        blocked,  ///< The breaker is open. The caller should sleep; it is woken when the host is back.
    };
    Pass enter(std::string_view host, Caller caller, Time now);

    struct Left {
        std::vector<Caller> next;     ///< These have a slot now: call them.
        std::vector<ActorPtr> awake;  ///< The host is back: these slept because of it.
        std::vector<Caller> blocked;  ///< These waited for a slot of a host that has just been given up on.
        int breaker_change = 0;       ///< +1: opened, -1: closed.
    };
    /// The call is over; `reached`: the host answered, whatever it said.
    Left leave(std::string_view host, bool reached, Time now);

    /// A slot that was granted is not used after all. The host's standing does not change.
    Left give_back(std::string_view host, Time now);

    /// `actor` goes to sleep because `host` can't be reached. It comes back from leave() when the host does, or from
    /// probes() as the one that tries.
    void sleep(std::string_view host, const ActorPtr& actor);

    /// Sleepers to be woken now so that somebody tries the hosts whose next probe is due.
    std::vector<ActorPtr> probes(Time now);

    /// "circuit breaker: ...", for people.
    std::string why_blocked(std::string_view host, Time now) const;

    /// How many sleepers of `host` are kept, including some that are gone.
    std::size_t sleepers(std::string_view host) const;

    /// Counts calls, and those sleepers that are not gone.
    void add_to(Footprint& sum) const;

private:
    struct Sleeper {
        const Actor* key;
        std::weak_ptr<Actor> actor;
    };
    struct Host {
        std::size_t open = 0;
        std::deque<Caller> queue;
        std::vector<Sleeper> sleepers;
        std::unordered_set<const Actor*> known;  ///< Who is among them; no address is used again before it has left.
        std::size_t sweep_at = 64;               ///< Those that are gone are forgotten when there are this many.
        std::uint32_t failures = 0;              ///< Consecutive calls that did not reach it.
        bool broken = false;
        bool probing = false;
        Time probe_at;
        Millis probe_interval{0};
    };
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    void admit(Host& host, Left& left);
    void fail(Host& host, Time now, Left& left);
    void recover(Host& host, Left& left);
    static void sweep(Host& host);
    void forget_if_idle(std::string_view name);

    std::size_t most_open_;
    std::unordered_map<std::string, Host, Hash, std::equal_to<>> hosts_;
};

}  // namespace dtmd::engine
