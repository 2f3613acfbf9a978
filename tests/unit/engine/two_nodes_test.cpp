#include "scenes.h"

#include <gtest/gtest.h>

// What one node does about transactions that another one has in hand.
namespace dtmd::engine {
namespace {

using testing::Scene;
using testing::shown;
using testing::World;
using txn::Mode;

// On a shared store another node may be driving it: a repeat that waits must not be told a success nobody has seen.
TEST(TwoNodes, JoiningWhatAnotherNodeDrivesPromisesNothing) {
    World world;
    world.store.exclusive = false;
    txn::Transaction elsewhere = testing::saga("g1", 2);
    elsewhere.status = txn::Status::submitted;
    elsewhere.create_time = world.loop.now();
    EXPECT_EQ(shown(world.wait(world.submit(testing::saga("g2", 2)))), "success: ");
    elsewhere.branches = world.store.rows.at("g2").branches;
    for (txn::Branch& row : elsewhere.branches) row.status = txn::BranchStatus::prepared;
    elsewhere.next_cron_time = world.loop.now() + Millis{60'000};
    world.store.rows.emplace("g1", elsewhere);
    const std::size_t called = world.participant.calls.size();
    EXPECT_EQ(shown(world.now(world.submit(testing::saga("g1", 2, false)))), "success: ");
    EXPECT_EQ(shown(world.now(world.submit(testing::saga("g1", 2, true)))),
              "failure: wait result not return success: FAILURE");
    EXPECT_EQ(world.participant.calls.size(), called);
    EXPECT_EQ(world.metrics.flying, 0);
}

TEST(TwoNodes, WhatAnotherNodeHasTurnedIsLeftToIt) {
    World world;
    world.store.exclusive = false;
    world.participant.latency = Millis{500};
    const auto waiting = world.submit(testing::saga("g1", 3));
    world.loop.run_for(Millis{100});
    txn::Transaction& row = world.store.rows.at("g1");
    row.status = txn::Status::aborting;
    row.next_cron_time = world.loop.now() + Millis{20'000};
    world.loop.run_for(Millis{5'000});
    EXPECT_EQ(world.participant.log(), (std::vector<std::string>{"action 01"}));
    EXPECT_EQ(shown(world.now(waiting)), "failure: wait result not return success: FAILURE");
    EXPECT_EQ(world.metrics.flying, 0);
    EXPECT_TRUE(world.run_until_final("g1", Millis{22'000})) << "unless the other node dies";
    EXPECT_EQ(world.participant.log().back(), "compensate 01");
}

// Between our look at it and our turn another node has turned it: the request is judged by what it is then.
TEST(TwoNodes, ACommandIsJudgedByWhatItMeets) {
    for (const bool aborts : {true, false}) {
        World world;
        world.store.exclusive = false;
        testing::bring(world, Mode::message, Scene::prepared);
        world.store.before = Millis{5};
        const std::size_t writes = world.store.writes;
        const auto pending = aborts ? world.abort("g1", "msg") : world.submit(testing::message("g1", 2));
        const std::size_t asked = writes + (aborts ? 1 : 2);  // A submit tries to insert first.
        ASSERT_TRUE(world.loop.run_until([&] { return world.store.writes == asked; }, Millis{1'000}));
        world.store.rows.at("g1").status = aborts ? txn::Status::submitted : txn::Status::failed;
        EXPECT_EQ(shown(world.wait(pending)),
                  aborts ? "failure: trans type: 'msg' current status 'submitted', cannot abort. FAILURE"
                         : "failure: current status 'failed', cannot sumbmit. FAILURE");
        EXPECT_TRUE(world.participant.calls.empty());
        EXPECT_EQ(world.metrics.flying, 0);
    }
}

// An operator's reset makes it due, and the claim that follows leaves it a shorter lease than it had.
TEST(TwoNodes, AClaimsShorterLeaseIsNoticed) {
    World world;
    world.store.exclusive = false;
    world.participant.script = [](const participant::Call&) { return testing::unknown(); };
    txn::Transaction saga = testing::saga("g1", 2, false);
    saga.options.request_timeout = 15;
    EXPECT_EQ(shown(world.wait(world.submit(saga))), "success: ");
    world.loop.run_for(Millis{15'000});  // Its second try has failed, so that its lease is a long one.
    const std::size_t before = world.participant.calls.size();
    Millis covered{0};
    world.participant.on_call = [&](const participant::Call&) {
        covered = world.store.rows.at("g1").next_cron_time - world.loop.now();
    };
    EXPECT_EQ(shown(world.wait(world.reset_cron_time(std::chrono::seconds(1), 10, nullptr))), "success: ");
    world.loop.run_until([&] { return world.participant.calls.size() > before; }, Millis{5'000});
    EXPECT_GE(covered, Millis{15'000}) << "the call may last longer than the lease";
}

// It slept, an operator's reset made it due, and the claim of another node ends in the same second as its own lease.
TEST(TwoNodes, ALeaseThatWasTakenBackIsNotTakenForTheNext) {
    World world;
    world.store.exclusive = false;
    world.store.tables.keeps_owners = true;
    world.participant.script = [](const participant::Call&) { return testing::unknown(); };
    EXPECT_EQ(shown(world.now(world.submit(testing::saga("g1", 2, false)))), "success: ");
    world.loop.run_for(Millis{100});
    ASSERT_EQ(world.participant.calls.size(), 1u);
    const Time taken_back = world.store.rows.at("g1").next_cron_time;
    world.store.rows.at("g1").owner = "who has reset it";
    world.store.rows.at("g1").next_cron_time = taken_back;  // The other's lease.
    world.participant.script = [](const participant::Call&) { return testing::failure("no"); };
    ASSERT_TRUE(
        world.loop.run_until([&] { return world.participant.calls.size() == 2; }, taken_back - world.loop.now()));
    world.loop.run_for(Millis{1'000});
    EXPECT_EQ(world.status("g1"), txn::Status::submitted) << "only the other node may turn it";
    EXPECT_EQ(world.metrics.flying, 0) << "and it is left to that one";
}

// Where leases are kept to the millisecond, one that ends a little later than ours is still another's.
TEST(TwoNodes, ALeaseThatEndsInTheSameSecondIsNotOurs) {
    World world;
    world.store.exclusive = false;
    world.participant.script = [](const participant::Call&) { return testing::unknown(); };
    EXPECT_EQ(shown(world.now(world.submit(testing::saga("g1", 2, false)))), "success: ");
    world.loop.run_for(Millis{100});
    ASSERT_EQ(world.participant.calls.size(), 1u);
    Time& lease = world.store.rows.at("g1").next_cron_time;
    lease += Millis{1};
    const Time anothers = lease;
    ASSERT_TRUE(world.loop.run_until([&] { return world.participant.calls.size() == 2; }, lease - world.loop.now()));
    world.loop.run_for(Millis{1'000});
    EXPECT_EQ(world.store.rows.at("g1").next_cron_time, anothers) << "it is the other's to move";
    EXPECT_EQ(world.metrics.flying, 0);
}

}  // namespace
}  // namespace dtmd::engine
