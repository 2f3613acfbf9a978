#pragma once

#include "durable.h"
#include "network.h"
#include "node_store.h"
#include "scenario.h"
#include "support/null_metrics.h"

#include <memory>
#include <vector>

namespace dtmd::simulation {

/// One coordinator process on the shared store: it lives, dies and comes back. Its clock goes on meanwhile.
class Node {
public:
    Node(Context& context, const Scenario& scenario, Durable& durable, Network& network, Witness& witness, int number);

    bool is_up() const { return life_ != nullptr && !life_->stopping; }
    bool is_running() const { return life_ != nullptr; }
    Owner owner() const { return life_ ? life_->owner : the_world; }

    void start();
    void crash();
    /// A clean stop: when it is done, or a little after `limit`, the node is down.
    void stop(Millis limit);
    /// SIGSTOP: nothing happens in it for so long; the world goes on.
    void stall(Millis span);
    void jump_clock(Millis by);

    /// @pre is_running()
    engine::Coordinator& engine() { return *life_->coordinator; }
    /// Any of its loops.
    Loop& a_loop();
    const testing::NullMetrics& metrics() const { return life_->metrics; }
    const NodeClock& clock() const { return clock_; }

private:
    /// What is between two crashes. Destroyed from the bottom up.
    struct Life {
        Owner owner;
        bool stopping = false;
        testing::NullMetrics metrics;
        std::vector<std::unique_ptr<SimLoop>> loops;
        std::vector<std::unique_ptr<participant::Participant>> ports;
        std::vector<std::unique_ptr<Dice>> dice;
        std::unique_ptr<engine::Coordinator> coordinator;
    };
    void end_life();

    Context& context_;
    const Scenario& scenario_;
    Durable& durable_;
    Network& network_;
    Witness& witness_;
    const int number_;
    NodeClock clock_;
    std::vector<std::unique_ptr<NodeStore>> stores_;  ///< Of all lives: what they have sent may still arrive.
    std::unique_ptr<Life> life_;
};

}  // namespace dtmd::simulation
