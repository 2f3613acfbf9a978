#include "node.h"

namespace dtmd::simulation {
namespace {

/// One shard's way out to the participants.
class Port final : public participant::Participant {
public:
    Port(Network& network, Owner owner, const NodeClock& clock) : network_(network), owner_(owner), clock_(clock) {}
    void call(participant::Call call, absl::AnyInvocable<void(participant::Reply)> done) override {
        network_.call(owner_, clock_, std::move(call), std::move(done));
    }

private:
    Network& network_;
    const Owner owner_;
    const NodeClock& clock_;
};

}  // namespace

Node::Node(Context& context, const Scenario& scenario, Durable& durable, Network& network, Witness& witness, int number)
    : context_(context),
      scenario_(scenario),
      durable_(durable),
      network_(network),
      witness_(witness),
      number_(number),
      clock_{scenario.skews.at(static_cast<std::size_t>(number))} {}

void Node::start() {
    life_ = std::make_unique<Life>();
    const Owner owner = life_->owner = context_.queue.new_owner();
    context_.note("--- node ", number_, " starts as ", owner, ", its clock is off by ", clock_.skew.count(), " ms");
    stores_.push_back(std::make_unique<NodeStore>(context_, durable_, owner, clock_, scenario_.store_trouble));
    std::vector<engine::ShardEnvironment> shards;
    for (int i = 0; i < scenario_.shards; ++i) {
        life_->loops.push_back(std::make_unique<SimLoop>(context_.queue, owner, clock_));
        life_->ports.push_back(std::make_unique<Port>(network_, owner, clock_));
        life_->dice.push_back(std::make_unique<Dice>(context_.dice.bits()));
        shards.push_back({*life_->loops.back(), *life_->ports.back(), *life_->dice.back()});
    }
    life_->coordinator = engine::make_coordinator(std::move(shards), *stores_.back(), scenario_.settings,
                                                  life_->metrics, [](Loop&, engine::Alert) {});
    life_->coordinator->start();
}

void Node::end_life() {
    const Owner owner = life_->owner;
    stores_.back()->crash();
    context_.queue.forget(owner);
    witness_.died(owner);
    life_.reset();
    stores_.back()->bury();
}

void Node::crash() {
    ++context_.tally.crashes;
    context_.note("--- node ", number_, " crashes");
    end_life();
}

void Node::stop(Millis limit) {
    ++context_.tally.stops;
    context_.note("--- node ", number_, " stops");
    life_->stopping = true;
    const Owner owner = life_->owner;
    life_->coordinator->stop(limit, [this, owner] {
        // From outside: what it stands on ends.
        context_.queue.after(Millis{0}, the_world, [this, owner] {
            if (!life_ || life_->owner != owner) return;
            context_.note("--- node ", number_, " has stopped");
            end_life();
        });
    });
}

void Node::stall(Millis span) {
    ++context_.tally.stalls;
    context_.note("--- node ", number_, " stands still for ", span.count(), " ms");
    context_.queue.stall(life_->owner, context_.queue.now() + span);
}

void Node::jump_clock(Millis by) {
    ++context_.tally.clock_jumps;
    clock_.skew += by;
    context_.note("--- the clock of node ", number_, " jumps by ", by.count(), " ms");
}

Loop& Node::a_loop() { return *life_->loops[context_.dice.index(life_->loops.size())]; }

}  // namespace dtmd::simulation
