#include "trial.h"

#include <gtest/gtest.h>

#include <set>

// A store that fails at each write in turn, or goes away for a while at any moment.
namespace dtmd::engine {
namespace {

using store::Outcome;
using testing::Trial;
using testing::TrialRun;

struct Fault {
    Outcome outcome;
    bool happens;  ///< For unknown: it was written all the same.
    std::size_t in_a_row;
};
constexpr Fault faults[] = {{Outcome::unavailable, false, 1},
                            {Outcome::unknown, false, 1},
                            {Outcome::unknown, true, 1},
                            {Outcome::unavailable, false, 3},
                            {Outcome::unknown, true, 3}};

// A result that was heard is not forgotten because it could not be written at once.
void expect_nothing_called_twice(TrialRun& run) {
    std::set<std::string> seen;
    for (const std::string& call : run.world.participant.log())
        EXPECT_TRUE(seen.insert(call).second) << call << " again";
}

/// False if the run made fewer than `nth` writes.
bool survives(const Trial& trial, const Fault& fault, std::size_t nth) {
    SCOPED_TRACE(trial.name() + ", write " + std::to_string(nth) +
                 (fault.outcome == Outcome::unknown ? " unknown " : " unavailable ") + std::to_string(fault.in_a_row) +
                 (fault.happens ? " but done" : ""));
    TrialRun run(trial);
    run.world.store.unknown_happens = fault.happens;
    run.world.store.next_outcomes.assign(nth - 1, Outcome::ok);
    run.world.store.next_outcomes.insert(run.world.store.next_outcomes.end(), fault.in_a_row, fault.outcome);
    run.finish();
    if (trial.mode != txn::Mode::workflow) expect_nothing_called_twice(run);
    return run.world.store.writes >= nth;
}

TEST(Fault, OfAnyWriteLosesNothing) {
    for (const Trial& trial : testing::all_trials()) {
        for (const Fault& fault : faults) {
            std::size_t nth = 1;
            while (survives(trial, fault, nth) && !::testing::Test::HasFailure()) ++nth;
            EXPECT_GE(nth, 2U);
            if (::testing::Test::HasFailure()) return;
        }
    }
}

TEST(Fault, AStoreThatGoesAwayAtAnyMomentLosesNothing) {
    for (const Trial& trial : testing::all_trials()) {
        for (const bool crash_meanwhile : {false, true}) {
            for (int at = 1;; ++at) {
                SCOPED_TRACE(trial.name() + ", down after event " + std::to_string(at) +
                             (crash_meanwhile ? ", with a crash" : ""));
                TrialRun run(trial);
                int events = 0;
                while (events < at && run.step()) ++events;
                run.world.store.down = true;
                const Time back = run.world.loop.now() + Millis{2'000};
                for (int i = 0; i < 7; ++i) run.step();
                if (crash_meanwhile) run.crash();
                while (run.world.loop.now() < back && run.step()) {
                }
                run.world.store.down = false;
                run.finish();
                if (events < at || ::testing::Test::HasFailure()) break;
            }
            if (::testing::Test::HasFailure()) return;
        }
    }
}

TEST(Fault, NobodyIsToldOfWhatIsNotDurable) {
    for (const Trial& trial : testing::all_trials()) {
        SCOPED_TRACE(trial.name());
        testing::World world;
        world.store.down = true;
        const auto refused = trial.mode == txn::Mode::workflow ? world.prepare_workflow(testing::workflow("g1"))
                                                               : world.submit(testing::saga("g1", 1, trial.wait));
        EXPECT_EQ(world.now(refused).kind, Answer::Kind::unavailable);
        EXPECT_EQ(world.now(world.abort("g1", "tcc")).kind, Answer::Kind::unavailable);
        EXPECT_EQ(world.now(world.force_stop("g1")).kind, Answer::Kind::unavailable);
        EXPECT_EQ(world.now(world.reset_next_cron_time("g1")).kind, Answer::Kind::unavailable);
        EXPECT_EQ(world.now(world.register_branch(testing::tcc_branch("g1", "01"))).kind, Answer::Kind::unavailable);
        EXPECT_EQ(world.now(world.query("g1", nullptr)).kind, Answer::Kind::unavailable);
        EXPECT_TRUE(world.participant.calls.empty());
        EXPECT_EQ(world.metrics.flying, 0);
    }
}

}  // namespace
}  // namespace dtmd::engine
