#include "unit/participant/scripted_server.h"
#include "unit/participant_grpc/grpc_branch_server.h"
#include "unit/participant_grpc/running_caller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Participants that hang, die, come back, or are no gRPC servers at all.
namespace dtmd::participant {
namespace {

using testing::HasSubstr;
using txn::Answer;
using Clock = std::chrono::steady_clock;

void expect_lost(const Reply& reply, const std::string& what) {
    EXPECT_EQ(reply.answer, Answer::unknown);
    EXPECT_FALSE(reply.reached);
    EXPECT_THAT(reply.text, HasSubstr(what));
}

TEST(GrpcFault, AHangingServiceCostsTheTimeOutAndNoMore) {
    GrpcBranchServer server([](const SeenCall&) { return BranchAnswer{.status = {}, .hangs = true}; });
    RunningCaller caller;
    const auto began = Clock::now();
    const Reply reply = caller.call(server.url(), Millis(200));
    expect_lost(reply, "code = DeadlineExceeded");
    EXPECT_EQ(reply.code, 4);
    EXPECT_GE(Clock::now() - began, Millis(200));
    EXPECT_LT(Clock::now() - began, std::chrono::seconds(5));
    EXPECT_TRUE(server.wait_for_cancelled(1));
}

TEST(GrpcFault, AnUnreachableServiceIsUnavailableAtOnceAndFoundWhenItIsBack) {
    auto server = std::make_unique<GrpcBranchServer>();
    const int port = server->port();
    const std::string url = server->url();
    server.reset();
    RunningCaller caller;
    const auto began = Clock::now();
    for (int i = 0; i < 3; ++i) {
        const Reply reply = caller.call(url);
        expect_lost(reply, "code = Unavailable");
        EXPECT_EQ(reply.code, 14);
    }
    EXPECT_LT(Clock::now() - began, std::chrono::seconds(5));

    server = std::make_unique<GrpcBranchServer>(GrpcBranchServer::Script(), port);
    while (caller.call(url).answer != Answer::success) {
        ASSERT_LT(Clock::now() - began, std::chrono::seconds(15));
        std::this_thread::sleep_for(Millis(20));
    }
}

TEST(GrpcFault, AServiceThatDiesDuringACallLeavesItUnknown) {
    std::promise<void> called;
    GrpcBranchServer server([&](const SeenCall&) {
        called.set_value();
        return BranchAnswer{.status = {}, .hangs = true};
    });
    RunningCaller caller;
    auto reply = caller.start(grpc_call_of(server.url()));
    called.get_future().wait();
    server.close();
    const Reply answer = reply.get();
    EXPECT_EQ(answer.answer, Answer::unknown);
    EXPECT_FALSE(answer.reached);
}

TEST(GrpcFault, WhatIsNoGrpcServerIsUnknown) {
    const ScriptedServer::Script scripts[] = {
        [](Peer& peer) { peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"); },
        [](Peer& peer) { peer.send(std::string(10'000, '\xff')); },
        [](Peer& peer) { peer.send("SSH-2.0-OpenSSH_9.2\r\n"); },
        [](Peer& peer) { peer.reset(); },
        [](Peer&) {},
        // Settings, then nonsense where a frame's header should be.
        [](Peer& peer) {
            peer.send(std::string("\0\0\0\4\0\0\0\0\0", 9));
            peer.send(std::string(100, '\x55'));
        },
        // Settings, then a farewell.
        [](Peer& peer) {
            peer.send(std::string("\0\0\0\4\0\0\0\0\0", 9));
            peer.send(std::string("\0\0\x8\7\0\0\0\0\0\0\0\0\0\0\0\0\0", 17));
        },
    };
    for (const auto& script : scripts) {
        SCOPED_TRACE(&script - scripts);
        ScriptedServer server(script);
        RunningCaller caller({.connect_timeout = Millis(500)});
        const auto began = Clock::now();
        const Reply reply = caller.call("127.0.0.1:" + std::to_string(server.port()) + "/a.B/C", Millis(3'000));
        EXPECT_EQ(reply.answer, Answer::unknown);
        EXPECT_FALSE(reply.reached) << reply.code << reply.text;
        EXPECT_LT(Clock::now() - began, std::chrono::seconds(10));
    }
}

TEST(GrpcFault, AServiceThatAcceptsAndSaysNothingIsGivenUpOn) {
    std::promise<void> end;
    auto ended = end.get_future().share();
    ScriptedServer server([ended](Peer&) { ended.wait(); });
    RunningCaller caller({.connect_timeout = Millis(300)});
    const Reply reply = caller.call("127.0.0.1:" + std::to_string(server.port()) + "/a.B/C", Millis(2'000));
    EXPECT_EQ(reply.answer, Answer::unknown);
    EXPECT_FALSE(reply.reached);
    end.set_value();
}

TEST(GrpcFault, OkWithoutAMessageIsNoSuccess) {
    GrpcBranchServer server([](const SeenCall&) { return BranchAnswer{.status = {}, .message = std::nullopt}; });
    RunningCaller caller;
    EXPECT_EQ(caller.call(server.url()).answer, Answer::unknown);
}

TEST(GrpcFault, AnAnswerThatIsTooLongIsUnknown) {
    GrpcBranchServer server([](const SeenCall&) { return BranchAnswer{{}, std::string(2'000, 'x')}; });
    RunningCaller caller({.max_response = 1'000});
    const Reply reply = caller.call(server.url());
    EXPECT_EQ(reply.answer, Answer::unknown);
    EXPECT_EQ(reply.code, 8);
    EXPECT_TRUE(reply.reached);
}

TEST(GrpcFault, DestroyingCancelsWhatIsOpenWithoutAWord) {
    std::promise<void> called;
    GrpcBranchServer server([&](const SeenCall&) {
        called.set_value();
        return BranchAnswer{.status = {}, .hangs = true};
    });
    bool answered = false;
    {
        RunningCaller caller;
        caller.loop().post(
            [&] { caller.participant().call(grpc_call_of(server.url()), [&](const Reply&) { answered = true; }); });
        called.get_future().wait();
        caller.destroy();
    }
    EXPECT_TRUE(server.wait_for_cancelled(1));
    EXPECT_FALSE(answered);
}

// With the last channel go gRPC's threads, which therefore must not be the ones that let go of it.
TEST(GrpcFault, TheLastChannelMayGoWhileGrpcStillHandlesItsLastAnswer) {
    for (int i = 0; i < 300; ++i) {
        RunningCaller caller;
        EXPECT_EQ(caller.call("127.0.0.1:1/a.B/C").answer, Answer::unknown);
        caller.destroy();
    }
}

TEST(GrpcFault, DestroyingAfterTheLoopHasStoppedIsFine) {
    GrpcBranchServer server([](const SeenCall&) { return BranchAnswer{.status = {}, .hangs = true}; });
    for (int i = 0; i < 5; ++i) {
        RunningCaller caller;
        for (int n = 0; n < 20; ++n) caller.start(grpc_call_of(server.url()));
        caller.call("nonsense");
    }
}

}  // namespace
}  // namespace dtmd::participant
