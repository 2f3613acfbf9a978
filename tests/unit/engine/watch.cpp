#include "watch.h"

namespace dtmd::testing {

// With one node there is nobody else to write, whatever the store says of itself.
Watch::Watch(World& world)
    : witness(world.store.rows, /*exclusive=*/true, world.settings.lazy_branch_results,
              [this](const std::string& gid, const std::string& what) { complaints.push_back(gid + ": " + what); }) {
    world.participant.on_call = [this, &world](const participant::Call& call) {
        witness.on_call(life_, call, world.loop.now());
    };
    world.participant.on_answer = [this](const participant::Call& call, const participant::Reply& reply) {
        witness.on_answer(life_, call, reply.answer);
    };
    world.store.on_write = [this, &world](const store::Mutation& mutation) {
        witness.on_write(life_, mutation, world.loop.now());
    };
}

void Watch::crashed() { witness.died(life_++); }

}  // namespace dtmd::testing
