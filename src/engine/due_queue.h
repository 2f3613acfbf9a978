#pragma once

#include "engine/actor.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace dtmd::engine {

/// The alarms of one shard's actors, by time. An alarm that was moved or cleared leaves its entry behind, which is
/// skipped when it comes up, or swept out when there are many such.
class DueQueue {
public:
    /// Sets the one alarm of `actor`, in place of an earlier one.
    void set(const ActorPtr& actor, Time when);

    /// Clears it. An actor that is let go of must be cleared.
    void clear(Actor& actor);

    /// An actor whose alarm is due at `now`, with the alarm cleared; null if there is none.
    ActorPtr take_due(Time now);

    /// When to look again; empty if no alarm is set.
    std::optional<Time> next() const;

    /// Entries kept, including those left behind: at most twice the alarms that are set, and some.
    std::size_t size() const { return entries_.size(); }

    std::size_t alarms() const { return alarms_; }

private:
    struct Entry {
        Time when;
        std::uint64_t serial;
        std::weak_ptr<Actor> actor;
        bool operator>(const Entry& other) const { return when > other.when; }
    };
    static bool is_current(const Entry& entry);
    void sweep();

    std::vector<Entry> entries_;  ///< A heap; the earliest is in front.
    std::size_t alarms_ = 0;      ///< Those that are set.
};

}  // namespace dtmd::engine
