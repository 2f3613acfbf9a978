#pragma once

#include "event_queue.h"

namespace dtmd::simulation {

/// A node's wall clock: the true time, wrong by so much. Its steady clock is right.
struct NodeClock {
    Millis skew{0};
};

/// One shard's loop on the one queue of the simulated world.
class SimLoop final : public Loop {
public:
    SimLoop(EventQueue& queue, Owner owner, const NodeClock& clock) : queue_(queue), owner_(owner), clock_(clock) {}

    Time now() const override { return queue_.now() + clock_.skew; }
    std::chrono::microseconds steady() const override { return queue_.now().time_since_epoch(); }
    void post(Task task) override { queue_.at(queue_.now(), owner_, std::move(task)); }
    void after(Millis delay, Task task) override { queue_.after(std::max(delay, Millis{0}), owner_, std::move(task)); }

private:
    EventQueue& queue_;
    const Owner owner_;
    const NodeClock& clock_;
};

}  // namespace dtmd::simulation
