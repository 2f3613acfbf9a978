#pragma once

#include "base/loop.h"

#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace dtmd::simulation {

/// Whose event it is: one life of a node, or the world around the nodes.
using Owner = std::uint32_t;
inline constexpr Owner the_world = 0;

/// Everything that will happen, in one order: by time, and at one moment in the order in which it was planned.
class EventQueue {
public:
    Time now() const { return now_; }
    std::uint64_t steps() const { return steps_; }

    Owner new_owner() { return ++last_owner_; }
    bool is_alive(Owner owner) const { return !dead_.contains(owner); }
    /// Whose event is happening.
    Owner running() const { return running_; }
    /// How many events of the world are still to come.
    std::size_t world_events() const { return world_events_; }

    /// Plans `task`; nothing happens if `owner` is dead by then.
    void at(Time when, Owner owner, Task task);
    void after(Millis delay, Owner owner, Task task) { at(now_ + delay, owner, std::move(task)); }

    /// The owner dies: whatever it was going to do does not happen.
    void forget(Owner owner);
    /// The owner stands still: what it was going to do until then happens then, in the same order.
    void stall(Owner owner, Time until) { stalled_[owner] = until; }

    /// Makes the next event happen, moving time up to it; false if none is due by `limit`.
    bool step(Time limit);

private:
    struct Event {
        Time when;
        std::uint64_t serial;
        Owner owner;
        Task task;
        bool operator<(const Event& other) const {
            return when != other.when ? when > other.when : serial > other.serial;
        }
    };
    void push(Event event);
    Event pop();
    bool put_off(Event& event);

    Time now_{Millis{1'800'000'000'000}};
    std::uint64_t steps_ = 0, serial_ = 0;
    Owner last_owner_ = the_world, running_ = the_world;
    std::size_t world_events_ = 0;
    std::vector<Event> events_;  ///< A heap; the next one is in front.
    std::set<Owner> dead_;
    std::map<Owner, Time> stalled_;
};

}  // namespace dtmd::simulation
