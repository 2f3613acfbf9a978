#include "scenes.h"

#include <gtest/gtest.h>

// Slow and dead participants, and what they may not do to others (promise 7).
namespace dtmd::engine {
namespace {

using testing::shown;
using testing::World;

txn::Transaction saga_at(const std::string& host, const std::string& gid, int steps, bool wait = false) {
    txn::Transaction saga = testing::saga(gid, steps, wait);
    for (txn::Step& step : saga.steps) {
        for (auto& [op, url] : step.members) url = "http://" + host + "/" + op;
    }
    return saga;
}

std::size_t unfinished(World& world) {
    std::size_t count = 0;
    for (const auto& [gid, row] : world.store.rows) count += !txn::is_final(row.status);
    return count;
}

TEST(Outage, NoMoreCallsOfAHostAreOpenThanAllowed) {
    Settings settings;
    settings.per_host_concurrency = 7;
    World world(settings);
    world.participant.latency = Millis{50};
    for (int i = 0; i < 100; ++i) world.submit(testing::saga("g" + std::to_string(i), 2, false));
    EXPECT_TRUE(
        world.loop.run_until([&] { return unfinished(world) == 0 && world.store.rows.size() == 100; }, Millis{10'000}));
    EXPECT_EQ(world.participant.most_open, 7);
    EXPECT_EQ(world.participant.calls.size(), 200U);
}

TEST(Outage, ADeadHostIsGivenUpOnAfterFiveCallsAndProbedOneByOne) {
    World world;
    world.participant.latency = Millis{3'000};
    world.participant.script = [](const participant::Call&) { return testing::unknown(false); };
    for (int i = 0; i < 300; ++i) world.submit(testing::saga("g" + std::to_string(i), 1, false));
    world.loop.run_for(Millis{3'001});
    EXPECT_EQ(world.metrics.breakers, 1);
    const std::size_t called = world.participant.calls.size();
    EXPECT_LE(called, 256U + 5U) << "those that were let in before it was given up on";
    world.loop.run_for(Millis{3'000});
    world.participant.most_open = 0;
    world.loop.run_for(std::chrono::minutes(10));
    EXPECT_EQ(world.participant.most_open, 1);
    EXPECT_GE(world.participant.calls.size(), called + 60U) << "and it is probed all the time";
    EXPECT_LE(world.participant.calls.size(), called + 120U) << "which takes 3 s, after a pause of 5 s";
}

TEST(Outage, WhatWaitedForAHostEndsSoonAfterItIsBack) {
    for (const int outage : {20'000, 600'000}) {
        World world;
        world.participant.latency = Millis{50};
        bool up = false;
        world.participant.script = [&](const participant::Call&) {
            return up ? testing::success() : testing::unknown(false);
        };
        for (int i = 0; i < 1'500; ++i) world.submit(testing::saga("g" + std::to_string(i), 2, false));
        world.loop.run_for(Millis{outage});
        EXPECT_EQ(unfinished(world), 1'500U);
        up = true;
        const Time back = world.loop.now();
        EXPECT_TRUE(world.loop.run_until([&] { return unfinished(world) == 0; }, Millis{60'000}));
        const Millis took = world.loop.now() - back;
        EXPECT_LE(took, Millis{3'000 + 10'000}) << "after " << outage;
        EXPECT_EQ(world.metrics.breakers, 0);
        EXPECT_LE(world.participant.most_open, 256);
        world.loop.run_for(Millis{1'000});
        EXPECT_EQ(world.metrics.flying, 0);
        EXPECT_EQ(world.metrics.sleeping, 0);
    }
}

TEST(Outage, ADeadHostDoesNotDelayOthers) {
    for (const bool refuses : {true, false}) {
        World world;
        world.participant.takes = [refuses](const participant::Call& call) -> std::optional<Millis> {
            if (!call.url.starts_with("http://dead")) return Millis{10};
            return refuses ? Millis{1} : call.timeout;
        };
        world.participant.script = [](const participant::Call& call) {
            return call.url.starts_with("http://dead") ? testing::unknown(false) : testing::success();
        };
        for (int i = 0; i < 3'000; ++i) world.submit(saga_at("dead", "d" + std::to_string(i), 2));
        for (int round = 0; round < 30; ++round) {
            const Time start = world.loop.now();
            const auto waiting = world.submit(saga_at("alive", "a" + std::to_string(round), 2, true));
            EXPECT_EQ(shown(world.wait(waiting)), "success: ");
            EXPECT_LE(world.loop.now() - start, Millis{30});
            world.loop.run_for(Millis{1'000});
        }
    }
}

TEST(Outage, ASlowHostsQueueKeepsItsOrderAndEnds) {
    Settings settings;
    settings.per_host_concurrency = 4;
    World world(settings);
    world.participant.latency = Millis{1'000};
    for (int i = 0; i < 400; ++i) world.submit(testing::saga("g" + std::to_string(1000 + i), 1, false));
    EXPECT_TRUE(
        world.loop.run_until([&] { return world.store.rows.size() == 400 && unfinished(world) == 0; }, Millis{130'000}))
        << "although most wait longer than their first lease";
    EXPECT_EQ(world.participant.calls.size(), 400U);
}

// All that waited in a long queue are turned away at once: that must not take stack for each of them.
TEST(Outage, AVeryLongQueueIsNotTooLong) {
    Settings settings;
    settings.per_host_concurrency = 1;
    World world(settings);
    world.participant.latency = Millis{9'000};
    for (int i = 0; i < 40'000; ++i) world.submit(testing::saga("g" + std::to_string(i), 1, false));
    world.loop.run_for(Millis{10'000});
    EXPECT_EQ(world.participant.calls.size(), 2U);
}

TEST(Outage, ManySleepersAreLeftToTheStoreAndComeBackOnTime) {
    Settings settings;
    settings.max_resident = 50;
    World world(settings);
    world.participant.script = [](const participant::Call&) { return testing::unknown(); };
    for (int i = 0; i < 500; ++i) world.submit(testing::saga("g" + std::to_string(i), 1, false));
    world.loop.run_for(Millis{5'000});
    EXPECT_EQ(world.metrics.sleeping, 50);
    EXPECT_EQ(world.metrics.flying, 50 - 50) << "awake";
    world.participant.script = nullptr;
    world.loop.run_for(Millis{5'100});
    EXPECT_EQ(unfinished(world), 0U) << "at the latest 10 s after the first call";
    EXPECT_EQ(world.participant.calls.size(), 1'000U);
}

TEST(Outage, ACheckBackOfADeadHostWaitsForItLikeABranch) {
    World world;
    world.participant.script = [](const participant::Call&) { return testing::unknown(false); };
    for (int i = 0; i < 20; ++i) world.wait(world.prepare(testing::message("g" + std::to_string(i), 1)));
    world.loop.run_for(Millis{600'000});
    EXPECT_EQ(unfinished(world), 20U);
    world.participant.script = nullptr;
    world.loop.run_for(Millis{700'000});
    EXPECT_EQ(unfinished(world), 0U) << "by their own back-off";
}

}  // namespace
}  // namespace dtmd::engine
