#include "scenes.h"

#include <gtest/gtest.h>

#include <memory>

// The graceful stop: nothing new, leases back, everybody told, in bounded time.
namespace dtmd::engine {
namespace {

using testing::Scene;
using testing::shown;
using testing::World;
using txn::Mode;
using Kind = Answer::Kind;

std::shared_ptr<bool> stop(World& world, Millis limit = Millis{5'000}) {
    auto stopped = std::make_shared<bool>(false);
    world.coordinator().stop(limit, [stopped] {
        EXPECT_FALSE(*stopped) << "done twice";
        *stopped = true;
    });
    return stopped;
}

TEST(Stop, AnIdleCoordinatorStopsAtOnce) {
    World world;
    const auto stopped = stop(world);
    world.loop.run_for(Millis{0});
    EXPECT_TRUE(*stopped);
}

TEST(Stop, NewRequestsAreUnavailable) {
    World world;
    testing::bring(world, Mode::tcc, Scene::prepared);
    const auto before = world.store.rows;
    stop(world);
    world.loop.run_for(Millis{1});
    for (const auto& pending :
         {world.submit(testing::saga("g2", 1)), world.prepare(testing::saga("g2", 1)),
          world.submit(testing::request(Mode::tcc)), world.abort("g1", "tcc"), world.force_stop("g1"),
          world.register_branch(testing::tcc_branch("g1", "03")), world.reset_next_cron_time("g1"),
          world.submit_workflow("g3", "succeed"), world.prepare_workflow(testing::workflow("g3"))}) {
        EXPECT_EQ(world.now(pending).kind, Kind::unavailable);
    }
    EXPECT_EQ(world.store.rows, before);
}

TEST(Stop, WaitsForAnOpenCallKeepsItsResultAndHandsTheRestBack) {
    for (const Mode mode : testing::driven_modes) {
        World world;
        if (mode == Mode::tcc || mode == Mode::xa) testing::bring(world, mode, Scene::prepared);
        world.participant.latency = Millis{500};
        const auto waiting = world.submit(testing::request(mode, true));
        world.loop.run_for(Millis{100});
        const auto stopped = stop(world);
        world.loop.run_for(Millis{300});
        EXPECT_FALSE(*stopped);
        world.loop.run_for(Millis{150});
        EXPECT_TRUE(*stopped);
        EXPECT_EQ(world.now(waiting).kind, Kind::error);
        EXPECT_EQ(world.participant.calls.size(), 1U) << "nothing new";
        EXPECT_LE(world.store.rows.at("g1").next_cron_time, world.loop.now())
            << "whoever comes next may take it at once";
        const auto& rows = world.store.rows.at("g1").branches;
        EXPECT_EQ(std::ranges::count(rows, txn::BranchStatus::succeed, &txn::Branch::status), 1);
        EXPECT_EQ(world.metrics.flying, 0);

        world.restart();
        EXPECT_TRUE(world.run_until_final("g1", Millis{2'000}));
        EXPECT_EQ(world.status("g1"), txn::Status::succeed);
        EXPECT_EQ(world.participant.calls.size(), 2U) << "what was done before the stop is not repeated";
    }
}

TEST(Stop, AnEndThatOnlyNeedsToBeWrittenIsWrittenAndTold) {
    World world;
    world.participant.latency = Millis{500};
    const auto waiting = world.submit(testing::saga("g1", 1));
    world.loop.run_for(Millis{100});
    const auto stopped = stop(world);
    world.loop.run_for(Millis{500});
    EXPECT_TRUE(*stopped);
    EXPECT_EQ(world.status("g1"), txn::Status::succeed);
    EXPECT_EQ(shown(world.now(waiting)), "success: ");
}

TEST(Stop, SleepersKeepTheirTimesButNotTheirLeases) {
    for (const Mode mode : testing::driven_modes) {
        for (const Scene scene : {Scene::sleeping, Scene::aborting}) {
            if (!testing::exists(scene, mode)) continue;
            World world;
            testing::bring(world, mode, scene);
            EXPECT_EQ(world.metrics.sleeping, 1);
            const auto stopped = stop(world);
            world.loop.run_for(Millis{1});
            EXPECT_TRUE(*stopped);
            const Time due = world.store.rows.at("g1").next_cron_time;
            EXPECT_LE(due, world.loop.now() + Millis{10'000});
            EXPECT_GT(due, world.loop.now());
            EXPECT_EQ(world.metrics.flying, 0);
            EXPECT_EQ(world.metrics.sleeping, 0);
        }
    }
}

TEST(Stop, EndsWithinTheLimitWhateverHangsAndTellsWhoWaits) {
    for (const Mode mode : testing::driven_modes) {
        World world;
        if (mode == Mode::tcc || mode == Mode::xa) testing::bring(world, mode, Scene::prepared);
        world.participant.takes = [](const participant::Call&) { return std::optional<Millis>(); };
        const auto waiting = world.submit(testing::request(mode, true));
        world.loop.run_for(Millis{10});
        const auto stopped = stop(world, Millis{2'000});
        world.loop.run_for(Millis{1'990});
        EXPECT_FALSE(*stopped);
        world.loop.run_for(Millis{20});
        EXPECT_TRUE(*stopped);
        EXPECT_EQ(world.now(waiting).kind, Kind::error);
    }
}

TEST(Stop, CallsThatWaitForASlotAreNotMade) {
    Settings settings;
    settings.per_host_concurrency = 2;
    World world(settings);
    world.participant.latency = Millis{500};
    for (int i = 0; i < 5'000; ++i) world.submit(testing::saga("g" + std::to_string(i), 1, false));
    world.loop.run_for(Millis{100});
    EXPECT_EQ(world.participant.calls.size(), 2U);
    const auto stopped = stop(world);
    world.loop.run_for(Millis{500});
    EXPECT_TRUE(*stopped);
    EXPECT_EQ(world.participant.calls.size(), 2U);
    EXPECT_EQ(world.metrics.flying, 0);
    for (const auto& [gid, row] : world.store.rows) {
        EXPECT_TRUE(txn::is_final(row.status) || row.next_cron_time <= world.loop.now()) << gid;
    }
}

TEST(Stop, AStoreThatIsDownDoesNotHoldItUp) {
    for (const Scene scene : {Scene::running, Scene::sleeping}) {
        World world;
        testing::bring(world, Mode::saga, scene);
        world.store.down = true;
        const auto stopped = stop(world, Millis{3'000});
        world.loop.run_for(Millis{3'010});
        EXPECT_TRUE(*stopped);
        world.store.down = false;
        world.participant.takes = nullptr;
        world.restart();
        EXPECT_TRUE(world.run_until_final("g1", Millis{60'000}));
    }
}

}  // namespace
}  // namespace dtmd::engine
