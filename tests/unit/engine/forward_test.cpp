#include "support/engine_world.h"

#include <gtest/gtest.h>

namespace dtmd::engine {
namespace {

using testing::World;
using Kind = Answer::Kind;
using Log = std::vector<std::string>;

TEST(Engine, DrivesASagaToItsEndAndTellsTheWaitingClient) {
    World world;
    const Answer answer = world.submit_and_wait(testing::saga("g1", 2));
    EXPECT_EQ(answer.kind, Kind::success) << answer.message;
    EXPECT_EQ(world.status("g1"), txn::Status::succeed);
    EXPECT_EQ(world.participant.log(), (Log{"action 01", "action 02"}));
    EXPECT_EQ(world.metrics.flying, 0);
}

TEST(Engine, CompensatesInReverseAndReportsTheReason) {
    World world;
    world.participant.script = [](const participant::Call& call) {
        return call.op == "action" && call.branch_id == "03" ? testing::failure("no money FAILURE")
                                                             : testing::success();
    };
    const Answer answer = world.submit_and_wait(testing::saga("g1", 3));
    EXPECT_EQ(answer.kind, Kind::failure);
    EXPECT_EQ(answer.message, "url:http://bank/3/action return failed: no money FAILURE");
    EXPECT_EQ(world.status("g1"), txn::Status::failed);
    EXPECT_EQ(world.participant.log(),
              (Log{"action 01", "action 02", "action 03", "compensate 03", "compensate 02", "compensate 01"}));
}

TEST(Engine, RetriesWhatGaveNoDefiniteAnswer) {
    World world;
    int left = 2;
    world.participant.script = [&](const participant::Call& call) {
        return call.branch_id == "02" && left-- > 0 ? testing::unknown() : testing::success();
    };
    const Answer answer = world.submit_and_wait(testing::saga("g1", 2));
    EXPECT_EQ(answer.kind, Kind::failure);
    EXPECT_EQ(answer.message, "wait result not return success: FAILURE");
    EXPECT_EQ(world.status("g1"), txn::Status::submitted);
    EXPECT_TRUE(world.run_until_final("g1"));
    EXPECT_EQ(world.status("g1"), txn::Status::succeed);
    EXPECT_EQ(world.participant.count("action 01"), 1U);
    EXPECT_EQ(world.participant.count("action 02"), 3U);
}

TEST(Engine, TakesUpAfterACrashWhatWasUnderWay) {
    World world;
    world.participant.latency = Millis{500};
    world.submit(testing::saga("g1", 2, false));
    world.loop.run_for(Millis{700});  // The first action has succeeded, the second is under way.
    world.restart();
    EXPECT_TRUE(world.run_until_final("g1", Millis{20'000}));
    EXPECT_EQ(world.status("g1"), txn::Status::succeed);
}

TEST(Engine, ConfirmsATccInReverseOrderOfRegistration) {
    World world;
    EXPECT_EQ(world.wait(world.prepare(testing::two_phased("g1", txn::Mode::tcc))).kind, Kind::success);
    EXPECT_EQ(world.wait(world.register_branch(testing::tcc_branch("g1", "01"))).kind, Kind::success);
    EXPECT_EQ(world.wait(world.register_branch(testing::tcc_branch("g1", "02"))).kind, Kind::success);
    EXPECT_EQ(world.submit_and_wait(testing::two_phased("g1", txn::Mode::tcc)).kind, Kind::success);
    EXPECT_EQ(world.participant.log(), (Log{"confirm 02", "confirm 01"}));
}

TEST(Engine, ASubmitOfAnUnknownTccIsRefused) {
    World world;
    const Answer answer = world.submit_and_wait(testing::two_phased("g1", txn::Mode::tcc));
    EXPECT_EQ(answer.kind, Kind::failure);
    EXPECT_FALSE(world.store.rows.contains("g1"));
}

TEST(Engine, CancelsATccThatTimedOut) {
    World world;
    world.wait(world.prepare(testing::two_phased("g1", txn::Mode::tcc)));
    world.wait(world.register_branch(testing::tcc_branch("g1", "01")));
    EXPECT_TRUE(world.run_until_final("g1", Millis{40'000}));
    EXPECT_EQ(world.status("g1"), txn::Status::failed);
    EXPECT_EQ(world.store.rows.at("g1").rollback_reason, "Timeout after 35 seconds");
    EXPECT_EQ(world.participant.log(), (Log{"cancel 01"}));
}

TEST(Engine, AsksBackForAMessageThatWasNotSubmitted) {
    World world;
    world.wait(world.prepare(testing::message("g1", 1)));
    EXPECT_TRUE(world.run_until_final("g1", Millis{40'000}));
    EXPECT_EQ(world.status("g1"), txn::Status::succeed);
    EXPECT_EQ(world.participant.log(), (Log{"msg 00", "action 01"}));
}

}  // namespace
}  // namespace dtmd::engine
