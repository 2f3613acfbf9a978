#include "scenes.h"

#include <gtest/gtest.h>

// A node that has lost a transaction to another one without noticing: an operator's reset, a long stop, a slow store.
namespace dtmd::engine {
namespace {

using testing::shown;
using testing::World;

constexpr std::size_t action_01 = 1, action_02 = 3;

void settle(txn::Branch& branch) {
    branch.status = txn::BranchStatus::succeed;
    branch.finish_time = branch.update_time;
}

World& on_shared_store(World& world, Millis latency) {
    world.store.exclusive = false;
    world.participant.latency = latency;
    return world;
}

TEST(Takeover, TheSuccessorsResultIsNotWrittenOver) {
    World world;
    on_shared_store(world, Millis{500}).participant.script = [](const auto&) { return testing::unknown(); };
    world.submit(testing::saga("g1", 2, false));
    world.loop.run_for(Millis{100});
    txn::Transaction& row = world.store.rows.at("g1");
    settle(row.branches[action_01]);
    row.next_cron_time = world.loop.now() + Millis{60'000};
    world.loop.run_for(Millis{30'000});
    EXPECT_EQ(row.branches[action_01].status, txn::BranchStatus::succeed);
    EXPECT_EQ(world.participant.log(), (std::vector<std::string>{"action 01"})) << "it is the successor's now";
    EXPECT_EQ(world.metrics.flying, 0);
}

TEST(Takeover, WhatIsClaimedBackIsReadAgain) {
    World world;
    on_shared_store(world, Millis{1}).participant.script = [](const auto&) { return testing::unknown(); };
    world.submit(testing::saga("g1", 2, false));
    world.loop.run_for(Millis{100});
    txn::Transaction& row = world.store.rows.at("g1");
    settle(row.branches[action_01]);
    row.next_cron_time = world.loop.now();
    world.participant.script = nullptr;
    EXPECT_TRUE(world.run_until_final("g1"));
    EXPECT_EQ(world.participant.log(), (std::vector<std::string>{"action 01", "action 02"}));
}

// The successor may have gone on to 02; only the record tells that it could have.
TEST(Takeover, TheWayBackUndoesWhatTheOtherNodeMayHaveDone) {
    World world;
    on_shared_store(world, Millis{1}).participant.script = [](const participant::Call& call) {
        return call.op == "action" ? testing::unknown() : testing::success();
    };
    txn::Transaction saga = testing::saga("g1", 3, false);
    saga.options.timeout_to_fail = 5;
    world.submit(saga);
    world.loop.run_for(Millis{100});
    settle(world.store.rows.at("g1").branches[action_01]);
    EXPECT_TRUE(world.run_until_final("g1"));
    const auto log = world.participant.log();
    EXPECT_EQ(std::vector<std::string>(log.end() - 2, log.end()),
              (std::vector<std::string>{"compensate 02", "compensate 01"}));
}

TEST(Takeover, ACallThatIsStillOpenIsNotMadeTwiceWhenItComesBack) {
    World world;
    on_shared_store(world, Millis{1}).participant.takes = [](const participant::Call& call) {
        return std::optional(call.branch_id == "01" ? Millis{200} : Millis{2'900});
    };
    txn::Transaction saga = testing::saga("g1", 2, false);
    saga.custom_data = R"({"concurrent":true})";
    world.submit(saga);
    world.loop.run_for(Millis{100});
    txn::Transaction& row = world.store.rows.at("g1");
    row.next_cron_time = world.loop.now() + Millis{60'000};
    world.loop.run_for(Millis{300});  // The result of 01 can't be written; 02 is still open.
    row.next_cron_time = world.loop.now();
    EXPECT_TRUE(world.run_until_final("g1"));
    EXPECT_EQ(world.participant.most_open_of_one, 1);
}

TEST(Takeover, ACallThatWaitsForItsHostIsNotMadeAnyMore) {
    Settings settings;
    settings.per_host_concurrency = 1;
    World world(settings);
    on_shared_store(world, Millis{200}).participant.takes = [](const participant::Call& call) {
        return std::optional(Millis{call.gid == "g0" ? 2'000 : 200});
    };
    world.submit(testing::saga("g0", 1, false));
    txn::Transaction saga = testing::saga("g1", 2, false);
    saga.custom_data = R"({"concurrent":true})";
    saga.steps[0].members = {{"action", "http://other/1"}, {"compensate", "http://other/1"}};
    world.submit(saga);
    world.loop.run_for(Millis{100});
    world.store.rows.at("g1").next_cron_time = world.loop.now() + Millis{60'000};
    world.loop.run_for(Millis{5'000});  // The result of 01 can't be written, then 02 gets its host.
    EXPECT_EQ(world.participant.log(), (std::vector<std::string>{"action 01", "action 01"})) << "of g0 and of g1";
    EXPECT_EQ(world.metrics.flying, 0);
}

TEST(Takeover, AQueryShowsWhatIsStored) {
    World world;
    testing::bring(world, txn::Mode::saga, testing::Scene::sleeping);
    world.store.exclusive = false;
    world.store.rows.at("g1").status = txn::Status::failed;
    Found found;
    EXPECT_EQ(shown(world.wait(world.query("g1", &found))), "success: ");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->status, txn::Status::failed);
}

// Its successes were not written, and its first action refuses when it is asked again after the crash.
TEST(Takeover, ALazySagaThatTurnsBackAfterACrashUndoesAllItsSteps) {
    Settings settings;
    settings.lazy_branch_results = true;
    World world(settings);
    world.participant.latency = Millis{100};
    world.submit(testing::saga("g1", 3, false));
    world.loop.run_for(Millis{150});
    EXPECT_EQ(world.participant.log().back(), "action 02");
    EXPECT_EQ(world.store.rows.at("g1").branches[action_02].status, txn::BranchStatus::prepared);
    world.restart();
    world.participant.script = [](const participant::Call& call) {
        return call.op == "action" ? testing::failure("no") : testing::success();
    };
    EXPECT_TRUE(world.run_until_final("g1"));
    const auto log = world.participant.log();
    EXPECT_EQ(std::vector<std::string>(log.end() - 3, log.end()),
              (std::vector<std::string>{"compensate 03", "compensate 02", "compensate 01"}));
}

}  // namespace
}  // namespace dtmd::engine
