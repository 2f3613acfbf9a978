#include "scenes.h"

#include <gtest/gtest.h>

// What a client is told that waits for the end: protocol.md 1.4 step 4, 5.3 and 5.4.
namespace dtmd::engine {
namespace {

using testing::Scene;
using testing::shown;
using testing::World;
using txn::Mode;

constexpr const char* not_yet = "failure: wait result not return success: FAILURE";

/// Submits and waits while the second branch's forward call answers `reply`.
std::string told(Mode mode, participant::Reply reply, World& world) {
    if (mode == Mode::tcc || mode == Mode::xa) testing::bring(world, mode, Scene::prepared);
    world.participant.script = [reply](const participant::Call& call) {
        return call.branch_id == "02" && testing::goes_forward(call.op) ? reply : testing::success();
    };
    const Time start = world.loop.now();
    const std::string answer = shown(world.wait(world.submit(testing::request(mode, true))));
    EXPECT_LT(world.loop.now() - start, Millis{1'000});
    return answer;
}

std::string told(Mode mode, participant::Reply reply) {
    World world;
    return told(mode, std::move(reply), world);
}

TEST(Wait, Success) {
    for (const Mode mode : testing::driven_modes) {
        World world;
        EXPECT_EQ(told(mode, testing::success(), world), "success: ");
        EXPECT_EQ(world.status("g1"), txn::Status::succeed);
    }
}

TEST(Wait, Failure) {
    EXPECT_EQ(told(Mode::saga, testing::failure("no money FAILURE")),
              "failure: url:http://bank/2/action return failed: no money FAILURE");
    for (const Mode mode : {Mode::tcc, Mode::xa, Mode::message}) {
        EXPECT_EQ(told(mode, testing::failure("no money FAILURE")), "failure: no money FAILURE") << txn::name(mode);
    }
}

TEST(Wait, Ongoing) {
    EXPECT_EQ(told(Mode::saga, testing::ongoing()), not_yet);
    EXPECT_EQ(told(Mode::message, testing::ongoing()), not_yet);
    EXPECT_EQ(told(Mode::tcc, testing::ongoing()), "ongoing: ONGOING");
    EXPECT_EQ(told(Mode::xa, testing::ongoing()), "ongoing: ONGOING");
}

TEST(Wait, Unknown) {
    EXPECT_EQ(told(Mode::saga, testing::unknown()), not_yet);
    for (const Mode mode : {Mode::tcc, Mode::xa, Mode::message}) {
        EXPECT_EQ(told(mode, testing::unknown()), "error: no definite answer") << txn::name(mode);
    }
}

TEST(Wait, UnknownIsFollowedByTheEndAllTheSame) {
    for (const Mode mode : testing::driven_modes) {
        World world;
        told(mode, testing::unknown(), world);
        EXPECT_EQ(world.status("g1"), txn::Status::submitted);
        world.participant.script = nullptr;
        EXPECT_TRUE(world.run_until_final("g1", Millis{15'000}));
        EXPECT_EQ(world.status("g1"), txn::Status::succeed);
    }
}

TEST(Wait, ACompensationWithoutADefiniteAnswerGivesTheReasonAtOnce) {
    World world;
    world.participant.script = [](const participant::Call& call) {
        if (call.op == "compensate") return testing::unknown();
        return call.branch_id == "02" ? testing::failure("no") : testing::success();
    };
    EXPECT_EQ(shown(world.submit_and_wait(testing::saga("g1", 2))),
              "failure: url:http://bank/2/action return failed: no FAILURE");
    EXPECT_EQ(world.status("g1"), txn::Status::aborting);
}

TEST(Wait, AnAbortWaitsWhenItsTransactionWasPreparedSo) {
    for (const Mode mode : {Mode::tcc, Mode::xa}) {
        World world;
        txn::Transaction prepared = testing::request(mode, true);
        world.wait(world.prepare(prepared));
        world.wait(world.register_branch(testing::branch(mode, "01")));
        const auto abort = world.abort("g1", std::string(txn::name(mode)), "the client gave up");
        EXPECT_EQ(shown(world.wait(abort)), "failure: the client gave up FAILURE");
        EXPECT_EQ(world.status("g1"), txn::Status::failed);
    }
}

TEST(Wait, RetryLimitIsUsedUpWithinTheSameWait) {
    World world;
    txn::Transaction saga = testing::saga("g1", 2);
    saga.options.retry_limit = 3;
    world.participant.script = [](const participant::Call& call) {
        return call.branch_id == "02" && call.op == "action" ? testing::unknown() : testing::success();
    };
    EXPECT_EQ(shown(world.submit_and_wait(saga)),
              "failure: RetryCount is greater than RetryLimit, RetryLimit: 3 FAILURE");
    EXPECT_EQ(world.status("g1"), txn::Status::failed);
    EXPECT_EQ(world.participant.count("action 02"), 4U);
    EXPECT_EQ(world.participant.count("compensate 02"), 1U);
}

TEST(Wait, ARetryWithinTheLimitThatSucceedsIsASuccess) {
    World world;
    txn::Transaction saga = testing::saga("g1", 2);
    saga.options.retry_limit = 3;
    int left = 2;
    world.participant.script = [&](const participant::Call& call) {
        return call.branch_id == "02" && left-- > 0 ? testing::unknown() : testing::success();
    };
    EXPECT_EQ(shown(world.submit_and_wait(saga)), "success: ");
}

TEST(Wait, ATimeoutTurnsASagaBackWhileACallIsOpen) {
    World world;
    txn::Transaction saga = testing::saga("g1", 2);
    saga.options.timeout_to_fail = 2;
    world.participant.takes = [](const participant::Call& call) {
        return std::optional(call.branch_id == "02" && call.op == "action" ? Millis{2'900} : Millis{1});
    };
    EXPECT_EQ(shown(world.submit_and_wait(saga)), "failure: Timeout after 2 seconds FAILURE");
    EXPECT_EQ(world.status("g1"), txn::Status::failed);
    EXPECT_EQ(world.participant.log(),
              (std::vector<std::string>{"action 01", "action 02", "compensate 02", "compensate 01"}));
}

TEST(Wait, ADelayedMessageIsToldAtOnceAndSentLater) {
    World world;
    txn::Transaction message = testing::message("g1", 1);
    message.custom_data = R"({"delay":7})";
    const Time start = world.loop.now();
    EXPECT_EQ(shown(world.submit_and_wait(message)), not_yet);
    EXPECT_EQ(world.loop.now(), start);
    EXPECT_TRUE(world.run_until_final("g1", Millis{10'000}));
    EXPECT_GE(world.loop.now() - start, Millis{7'000});
    EXPECT_LE(world.loop.now() - start, Millis{7'100});
}

TEST(Wait, ABrokenCircuitIsToldAtOnce) {
    for (const Mode mode : testing::driven_modes) {
        World world;
        if (mode == Mode::tcc || mode == Mode::xa) testing::bring(world, mode, Scene::prepared);
        world.participant.script = [](const participant::Call&) { return testing::unknown(false); };
        for (int i = 0; i < 5; ++i) world.submit(testing::saga("other" + std::to_string(i), 1, false));
        world.loop.run_for(Millis{50});
        EXPECT_EQ(world.metrics.breakers, 1);
        const std::size_t called = world.participant.calls.size();
        const std::string answer = shown(world.wait(world.submit(testing::request(mode, true))));
        EXPECT_EQ(world.participant.calls.size(), called);
        if (mode == Mode::saga) {
            EXPECT_EQ(answer, not_yet);
        } else {
            EXPECT_TRUE(answer.starts_with("error: circuit breaker: http://bank could not be reached 5 times"))
                << answer;
        }
    }
}

TEST(Wait, WhoWaitsIsToldWhenTheStoreFails) {
    for (const Mode mode : testing::driven_modes) {
        World world;
        if (mode == Mode::tcc || mode == Mode::xa) testing::bring(world, mode, Scene::prepared);
        world.participant.script = [&](const participant::Call&) {
            world.store.down = true;
            return testing::success();
        };
        const Answer answer = world.wait(world.submit(testing::request(mode, true)));
        EXPECT_EQ(shown(answer), "error: the store is not available; the transaction goes on when it is back");
        world.participant.script = nullptr;
        world.store.down = false;
        EXPECT_TRUE(world.run_until_final("g1", Millis{30'000}));
        EXPECT_EQ(world.status("g1"), txn::Status::succeed);
    }
}

TEST(Wait, AForceStopTellsWhoWaits) {
    World world;
    world.participant.takes = [](const participant::Call&) { return std::optional<Millis>(); };
    const auto waiting = world.submit(testing::saga("g1", 1));
    world.loop.run_for(Millis{10});
    EXPECT_EQ(shown(world.now(world.force_stop("g1"))), "success: ");
    EXPECT_EQ(shown(world.now(waiting)), not_yet);
}

}  // namespace
}  // namespace dtmd::engine
