#include "world.h"

// What goes wrong beyond single requests, while the storm lasts.
namespace dtmd::simulation {

void World::every_second() {
    if (!context_.stormy) return;
    trouble_surroundings();
    trouble_nodes();
    revive();
    if (context_.dice.chance(scenario_.operators)) operators_.act(gids());
    context_.queue.after(Millis{context_.dice.between(200, 1'800)}, the_world, [this] { every_second(); });
}

void World::trouble_surroundings() {
    Dice& dice = context_.dice;
    if (dice.chance(scenario_.host_outages)) {
        network_.take_down(static_cast<int>(dice.index(Bank::hosts)), Millis{dice.between(500, 40'000)});
    }
    if (!dice.chance(scenario_.store_outages)) return;
    ++context_.tally.store_outages;
    const Millis span{dice.between(100, dice.chance(0.2) ? 40'000 : 4'000)};
    if (profile_.lossy_failover && dice.chance(0.5)) {
        context_.note("--- the store fails over and loses its last writes");
        return durable_.fail_over(Millis{dice.between(1, 800)});
    }
    if (dice.chance(0.3)) {
        context_.note("--- the store is slow for ", span.count(), " ms");
        return durable_.be_slow(span);
    }
    context_.note("--- the store is down for ", span.count(), " ms");
    durable_.go_down(span);
}

void World::trouble_nodes() {
    Dice& dice = context_.dice;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        Node& node = nodes_[i];
        if (!node.is_up() || !dice.chance(scenario_.node_faults)) continue;
        switch (dice.between(0, 2)) {
            case 0: node.stall(Millis{dice.between(10, dice.chance(0.3) ? 40'000 : 3'000)}); break;
            case 1:
                node.stop(Millis{dice.between(0, 5'000)});
                revive_at_[static_cast<int>(i)] = context_.queue.now() + Millis{dice.between(100, 20'000)};
                break;
            default: {
                // Leases of several nodes are only as good as their clocks; alone, a clock may be set to anything.
                const std::int64_t most = nodes_.size() == 1 ? 60'000 : 500;
                node.jump_clock(Millis{dice.between(-most, most)});
            }
        }
    }
}

void World::crash_one() {
    Dice& dice = context_.dice;
    next_crash_ = dice.between(1, static_cast<std::int64_t>(2 / scenario_.crashes));
    const std::size_t number = dice.index(nodes_.size());
    Node& node = nodes_[number];
    if (!node.is_running()) return;
    node.crash();
    if (dice.chance(0.5)) return node.start();
    revive_at_[static_cast<int>(number)] = context_.queue.now() + Millis{dice.between(1, 20'000)};
}

void World::revive() {
    for (auto one = revive_at_.begin(); one != revive_at_.end();) {
        Node& node = nodes_[static_cast<std::size_t>(one->first)];
        if (one->second > context_.queue.now() || node.is_running()) {
            ++one;
            continue;
        }
        node.start();
        one = revive_at_.erase(one);
    }
}

}  // namespace dtmd::simulation
