#pragma once

#include "engine/actor.h"

#include <queue>
#include <vector>

namespace dtmd::engine {

/// The alarms of one shard's actors, by time. An alarm that was moved or cleared leaves its entry behind, which is
/// skipped when it comes up.
class DueQueue {
public:
    /// Sets the one alarm of `actor`, in place of an earlier one.
    void set(const ActorPtr& actor, Time when);

    /// Clears it.
    static void clear(Actor& actor);

    /// An actor whose alarm is due at `now`, with the alarm cleared; null if there is none.
    ActorPtr take_due(Time now);

    /// When to look again; empty if no alarm is set.
    std::optional<Time> next() const;

private:
    struct Entry {
        Time when;
        std::uint64_t serial;
        std::weak_ptr<Actor> actor;
        bool operator>(const Entry& other) const { return when > other.when; }
    };
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> entries_;
};

}  // namespace dtmd::engine
