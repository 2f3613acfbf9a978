#include "world.h"

#include "observe/log.h"

#include <gtest/gtest.h>

// The simulator itself: that it is repeatable, and that it is a storm. The thousands of seeds are run by dtmd_sim.
namespace dtmd::simulation {
namespace {

std::uint64_t hash_of(std::uint64_t seed, const Profile* profile = nullptr) {
    World::Options options;
    options.profile = profile;
    World world(seed, options);
    world.run();
    return world.trace_hash();
}

// Thousands of transactions would say what becomes of them.
class Simulation : public ::testing::Test {
protected:
    static void SetUpTestSuite() { log::start({.level = spdlog::level::off, .outputs = {}}); }
    static void TearDownTestSuite() { log::stop(); }
};

TEST_F(Simulation, TheSameSeedGivesTheSameLife) {
    for (const Profile& profile : all_profiles()) {
        for (std::uint64_t seed = 1; seed <= 10; ++seed) EXPECT_EQ(hash_of(seed, &profile), hash_of(seed, &profile));
    }
}

TEST_F(Simulation, OtherSeedsGiveOtherLives) {
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) hashes.insert(hash_of(seed));
    EXPECT_EQ(hashes.size(), 50U);
}

// Whatever is to be proven against has to happen.
TEST_F(Simulation, EverythingGoesWrongNowAndThen) {
    Tally tally;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        World world(seed, {});
        world.run();
        EXPECT_TRUE(world.complaints().empty()) << "seed " << seed << ": " << world.complaints().front();
        tally.add(world.tally());
    }
    for (const std::uint64_t count :
         {tally.crashes, tally.stops, tally.stalls, tally.clock_jumps, tally.host_outages, tally.store_outages,
          tally.writes_unavailable, tally.writes_unknown, tally.reads_failed, tally.requests_lost, tally.answers_lost,
          tally.duplicates, tally.odd_answers, tally.slow_answers, tally.client_losses, tally.operator_acts,
          tally.forced}) {
        EXPECT_GT(count, 5U);
    }
    EXPECT_GT(tally.stale_reads, 0U);
    for (const auto& ends : tally.ended) {
        EXPECT_GT(ends[0], 20U);
        EXPECT_GT(ends[1], 20U);
    }
}

// What was mended after them is in docs/simulation.md. Other draws make other lives of them.
TEST_F(Simulation, SeedsThatFailedOnceDoNotAnyMore) {
    for (const std::uint64_t seed : {114U, 6833U, 135672U, 140067U, 149143U, 152778U}) {
        World world(seed, {});
        world.run();
        EXPECT_TRUE(world.complaints().empty()) << "seed " << seed << ": " << world.complaints().front();
    }
}

TEST_F(Simulation, AFailoverThatLosesWritesIsNotHeldAgainstUs) {
    World::Options options;
    options.profile = find_profile("redis");
    options.lossy_failover = true;
    std::uint64_t lost = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        World world(seed, options);
        world.run();
        EXPECT_TRUE(world.complaints().empty()) << "seed " << seed << ": " << world.complaints().front();
        lost += world.tally().writes_lost;
    }
    EXPECT_GT(lost, 5U);
}

TEST(EventQueue, KeepsTheOrderOfPlanningAtOneMoment) {
    EventQueue queue;
    std::string order;
    const Time start = queue.now();
    queue.at(start + Millis{2}, the_world, [&] { order += 'c'; });
    queue.at(start + Millis{1}, the_world, [&] { order += 'a'; });
    queue.at(start + Millis{1}, the_world, [&] { order += 'b'; });
    while (queue.step(start + Millis{5})) {
    }
    EXPECT_EQ(order, "abc");
    EXPECT_EQ(queue.now(), start + Millis{2});
}

TEST(EventQueue, TheDeadDoNothingAndTheStalledDoItLater) {
    EventQueue queue;
    std::string order;
    const Time start = queue.now();
    const Owner dead = queue.new_owner(), stalled = queue.new_owner();
    queue.at(start, dead, [&] { order += 'x'; });
    queue.at(start + Millis{1}, stalled, [&] { order += '1'; });
    queue.at(start + Millis{2}, stalled, [&] { order += '2'; });
    queue.at(start + Millis{3}, the_world, [&] { order += 'w'; });
    queue.forget(dead);
    queue.at(start, dead, [&] { order += 'y'; });
    queue.stall(stalled, start + Millis{4});
    while (queue.step(start + Millis{9})) {
    }
    EXPECT_EQ(order, "w12");
}

}  // namespace
}  // namespace dtmd::simulation
