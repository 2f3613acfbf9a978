#include "trial.h"

#include "scenes.h"

#include <gtest/gtest.h>

namespace dtmd::testing {
namespace {

engine::Settings settings_of(const Trial& trial) {
    engine::Settings settings;
    settings.lazy_branch_results = trial.lazy;
    return settings;
}

}  // namespace

std::string Trial::name() const {
    return std::string(txn::name(mode)) + (forward ? " forward" : " back") + (wait ? " waiting" : "") +
           (lazy ? " lazy" : "") + (shared ? " shared" : "") + " store " + std::to_string(before.count()) + "+" +
           std::to_string(delay.count());
}

std::vector<Trial> all_trials() {
    std::vector<Trial> trials;
    for (const txn::Mode mode :
         {txn::Mode::saga, txn::Mode::tcc, txn::Mode::xa, txn::Mode::message, txn::Mode::workflow}) {
        for (const bool forward : {true, false}) {
            trials.push_back({.mode = mode, .forward = forward});
            trials.push_back({.mode = mode, .forward = forward, .wait = true, .before = Millis{0}, .delay = Millis{2}});
            trials.push_back(
                {.mode = mode, .forward = forward, .shared = true, .before = Millis{2}, .delay = Millis{0}});
        }
    }
    trials.push_back({.mode = txn::Mode::saga, .lazy = true});
    trials.push_back({.mode = txn::Mode::saga, .forward = false, .lazy = true});
    trials.push_back({.mode = txn::Mode::message, .lazy = true});
    return trials;
}

TrialRun::TrialRun(const Trial& trial)
    : world(settings_of(trial)),
      client(world, watch, trial.mode, "g1", trial.forward, trial.wait),
      trial_(trial),
      limit_(world.loop.now() + std::chrono::minutes(5)) {
    world.store.before = trial.before;
    world.store.delay = trial.delay;
    world.store.exclusive = !trial.shared;
    world.participant.latency = Millis{3};
    world.participant.script = [this](const participant::Call& call) {
        if (trial_.mode == txn::Mode::workflow) {
            world.submit_workflow("g1", trial_.forward ? "succeed" : "failed");
            return success();
        }
        // Asked back, the client's own transaction was rolled back, if that is what it would have aborted for.
        const bool refused = !trial_.forward && (call.op == "msg" || (call.op == "action" && call.branch_id == "02"));
        return refused ? failure("no") : success();
    };
}

bool TrialRun::has_ended() const {
    const auto found = world.store.rows.find("g1");
    return client.is_done() && found != world.store.rows.end() && txn::is_final(found->second.status);
}

bool TrialRun::step() {
    client.poll();
    return !has_ended() && world.loop.step(limit_);
}

void TrialRun::crash() {
    world.crash();
    watch.crashed();
    client.crashed();
}

void TrialRun::finish() {
    while (step()) {
    }
    watch.witness.check_the_end();
    EXPECT_TRUE(has_ended()) << "within five minutes";
    for (const std::string& complaint : watch.complaints) ADD_FAILURE() << complaint;
    world.loop.run_for(std::chrono::seconds(1));
    EXPECT_EQ(world.metrics.flying, 0);
    EXPECT_EQ(world.metrics.sleeping, 0);
}

}  // namespace dtmd::testing
