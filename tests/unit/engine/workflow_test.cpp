#include "scenes.h"

#include <gtest/gtest.h>

namespace dtmd::engine {
namespace {

using testing::shown;
using testing::World;

TEST(Workflow, PrepareFindsWhatIsThereInAnyStatus) {
    World world;
    Found found;
    EXPECT_EQ(shown(world.now(world.prepare_workflow(testing::workflow("g1"), &found))), "success: ");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->status, txn::Status::prepared);
    EXPECT_TRUE(found->branches.empty());
    EXPECT_EQ(shown(world.now(world.register_branch(testing::progress("g1", "01")))), "success: ");
    EXPECT_EQ(shown(world.now(world.prepare_workflow(testing::workflow("g1"), &found))), "success: ");
    ASSERT_EQ(found->branches.size(), 1U);
    EXPECT_EQ(found->branches[0].status, txn::BranchStatus::succeed);
    EXPECT_EQ(shown(world.now(world.submit_workflow("g1", "failed", "no money"))), "success: ");
    EXPECT_EQ(shown(world.now(world.prepare_workflow(testing::workflow("g1"), &found))), "success: ");
    EXPECT_EQ(found->status, txn::Status::failed);
    EXPECT_EQ(found->rollback_reason, "no money");
}

TEST(Workflow, SubmitEndsWhatIsPreparedOnceOnly) {
    World world;
    EXPECT_EQ(shown(world.now(world.submit_workflow("g1", "succeed"))), "error: storage: NotFound");
    world.now(world.prepare_workflow(testing::workflow("g1")));
    EXPECT_EQ(shown(world.now(world.submit_workflow("g1", "succeed"))), "success: ");
    EXPECT_EQ(shown(world.now(world.submit_workflow("g1", "succeed"))), "success: ") << "a repeat after a lost answer";
    EXPECT_EQ(shown(world.now(world.submit_workflow("g1", "failed"))), "error: storage: NotFound");
    EXPECT_EQ(world.status("g1"), txn::Status::succeed);
    EXPECT_EQ(world.now(world.register_branch(testing::progress("g1", "02"))).message,
              "no trans with gid: g1 status: prepared found FAILURE");
    EXPECT_EQ(shown(world.now(world.force_stop("g1"))),
              "failure: global transaction force stop error. status: succeed. error: FAILURE");
    EXPECT_EQ(shown(world.now(world.abort("g1", "workflow"))),
              "failure: trans type: 'workflow' current status 'succeed', cannot abort. FAILURE");
    world.loop.run_for(std::chrono::minutes(5));
    EXPECT_TRUE(world.participant.calls.empty());
    EXPECT_EQ(world.metrics.flying, 0);
}

TEST(Workflow, IsCalledBackWithItsNameAndInputUntilItSubmitsItself) {
    World world;
    world.now(world.prepare_workflow(testing::workflow("g1")));
    world.loop.run_for(Millis{9'000});
    EXPECT_TRUE(world.participant.calls.empty()) << "the first execution may be running";
    int calls = 0;
    world.participant.script = [&](const participant::Call&) {
        if (++calls == 3) world.submit_workflow("g1", "succeed");
        return calls == 2 ? testing::unknown() : testing::success();
    };
    EXPECT_TRUE(world.run_until_final("g1", std::chrono::minutes(2)));
    ASSERT_EQ(world.participant.calls.size(), 3U);
    EXPECT_EQ(world.participant.log()[0], "transfer 00");
    EXPECT_EQ(world.participant.calls[0].body, "{}");
    EXPECT_EQ(world.participant.calls[0].url, "http://bank/workflow");
    world.loop.run_for(std::chrono::minutes(5));
    EXPECT_EQ(world.participant.calls.size(), 3U) << "it has ended";
    EXPECT_EQ(world.metrics.flying, 0);
}

TEST(Workflow, IsLeftAloneWhileItMakesProgress) {
    World world;
    world.now(world.prepare_workflow(testing::workflow("g1")));
    for (int i = 1; i <= 9; ++i) {
        world.loop.run_for(Millis{5'000});
        world.now(world.register_branch(testing::progress("g1", "0" + std::to_string(i))));
    }
    EXPECT_TRUE(world.participant.calls.empty());
    world.loop.run_for(Millis{14'000});
    EXPECT_FALSE(world.participant.calls.empty());
}

TEST(Workflow, QueryShowsTheProgressMadeDuringACallback) {
    World world;
    world.now(world.prepare_workflow(testing::workflow("g1")));
    world.participant.takes = [](const participant::Call&) { return std::optional(Millis{2'000}); };
    ASSERT_TRUE(world.loop.run_until([&] { return !world.participant.calls.empty(); }, std::chrono::minutes(1)));
    EXPECT_EQ(shown(world.now(world.register_branch(testing::progress("g1", "01")))), "success: ");
    Found found;
    world.now(world.query("g1", &found));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->branches.size(), 1U);
}

TEST(Workflow, AnOrderForACallIsNotLostWhileTheTransactionIsBeingPutAway) {
    for (int at = 55; at <= 200; at += 5) {  // The callback is answered at 100 ms, and put away until 150 ms.
        World world;
        world.now(world.prepare_workflow(testing::workflow("g1")));
        world.participant.latency = Millis{100};
        ASSERT_TRUE(world.loop.run_until([&] { return !world.participant.calls.empty(); }, std::chrono::minutes(1)));
        world.store.delay = Millis{50};
        world.loop.run_for(Millis{at});
        EXPECT_EQ(shown(world.wait(world.reset_next_cron_time("g1"))), "success: ");
        world.loop.run_for(Millis{300});
        EXPECT_EQ(world.participant.calls.size(), 2U) << "ordered at " << at << " ms";
    }
}

TEST(Workflow, ForceStopEndsItWithoutACall) {
    World world;
    world.now(world.prepare_workflow(testing::workflow("g1")));
    EXPECT_EQ(shown(world.now(world.abort("g1", "workflow"))),
              "failure: trans type: 'workflow' current status 'prepared', cannot abort. FAILURE");
    EXPECT_EQ(shown(world.now(world.force_stop("g1"))), "success: ");
    EXPECT_EQ(world.status("g1"), txn::Status::failed);
    world.loop.run_for(std::chrono::minutes(5));
    EXPECT_TRUE(world.participant.calls.empty());
}

}  // namespace
}  // namespace dtmd::engine
