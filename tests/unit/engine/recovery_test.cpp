#include "trial.h"

#include <gtest/gtest.h>

// A crash after every single event of a run, for each mode, forward and back.
namespace dtmd::engine {
namespace {

using testing::Trial;
using testing::TrialRun;

/// Runs `trial` with crashes after `first` events and again `gap` events later; false if it ended before the first.
bool survives(const Trial& trial, int first, std::optional<int> gap) {
    SCOPED_TRACE(trial.name() + ", crash after event " + std::to_string(first));
    TrialRun run(trial);
    for (int i = 0; i < first; ++i) {
        if (run.step()) continue;
        run.finish();
        return false;
    }
    run.crash();
    for (int i = 0; gap && i < *gap; ++i) run.step();
    if (gap) run.crash();
    run.finish();
    return true;
}

void crash_everywhere(std::optional<int> gap) {
    for (const Trial& trial : testing::all_trials()) {
        int points = 0;
        for (int at = 1; survives(trial, at, gap) && !::testing::Test::HasFailure(); ++at) ++points;
        EXPECT_GE(points, 4) << trial.name();
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(Recovery, FromACrashAfterAnyEvent) { crash_everywhere(std::nullopt); }

TEST(Recovery, FromTwoCrashesInARow) {
    for (const int gap : {1, 3, 7, 12}) crash_everywhere(gap);
}

TEST(Recovery, TakesUpAtOnceWhatWasUnderWayWhenTheStoreIsItsOwn) {
    for (const Trial& trial : testing::all_trials()) {
        if (trial.shared || trial.mode == txn::Mode::workflow) continue;
        SCOPED_TRACE(trial.name());
        TrialRun run(trial);
        run.world.participant.takes = [](const participant::Call&) { return std::optional<Millis>(); };
        while (run.world.participant.calls.empty() && run.step()) {
        }
        if (run.world.participant.calls.empty()) continue;  // Aborted before anything was called.
        run.crash();
        run.world.participant.takes = nullptr;
        const Time start = run.world.loop.now();
        run.finish();
        EXPECT_LE(run.world.loop.now() - start, Millis{1'500});
    }
}

TEST(Recovery, TakesUpAtOnceWhatEarlierRecoveriesDidNotGetTo) {
    for (const Trial& trial : testing::all_trials()) {
        if (trial.shared || trial.mode == txn::Mode::workflow) continue;
        SCOPED_TRACE(trial.name());
        TrialRun run(trial);
        run.world.participant.takes = [](const participant::Call&) { return std::optional<Millis>(); };
        while (run.world.participant.calls.empty() && run.step()) {
        }
        if (run.world.participant.calls.empty()) continue;  // Aborted before anything was called.
        for (int crash = 0; crash < 5; ++crash) {
            run.crash();
            run.world.loop.run_for(Millis{20});
        }
        run.crash();
        run.world.participant.takes = nullptr;
        const Time start = run.world.loop.now();
        run.finish();
        EXPECT_LE(run.world.loop.now() - start, Millis{1'500});
    }
}

TEST(Recovery, OfManyAtOnceIsQuick) {
    testing::World world;
    world.participant.latency = Millis{50};
    for (int i = 0; i < 3'000; ++i) world.submit(testing::saga("g" + std::to_string(i), 2, false));
    world.loop.run_for(Millis{60});
    world.restart();
    const Time start = world.loop.now();
    const auto all_ended = [&] {
        return std::ranges::all_of(world.store.rows,
                                   [](const auto& item) { return txn::is_final(item.second.status); });
    };
    EXPECT_TRUE(world.loop.run_until(all_ended, Millis{20'000}));
    EXPECT_LE(world.loop.now() - start, Millis{3'000});
    EXPECT_EQ(world.store.rows.size(), 3'000U);
}

}  // namespace
}  // namespace dtmd::engine
