#include "unit/api_grpc/running_grpc.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <future>

namespace dtmd::api {
namespace {

using grpc::StatusCode;
using Empty = google::protobuf::Empty;

dtmgimp::DtmRequest saga() {
    dtmgimp::DtmRequest request;
    request.set_gid("g1");
    request.set_transtype("saga");
    request.mutable_transoptions()->set_waitresult(true);
    return request;
}

/// A submit that waits, on a thread of its own.
class Waiter {
public:
    explicit Waiter(const Running& running)
        : stub_(running.stub()), status_(std::async(std::launch::async, [this] {
              Empty empty;
              return stub_->Submit(&context_, saga(), &empty);
          })) {}
    void cancel() { context_.TryCancel(); }
    bool is_waiting() { return status_.wait_for(Millis(0)) == std::future_status::timeout; }
    grpc::Status status() { return status_.get(); }

private:
    Context context_;
    std::unique_ptr<dtmgimp::Dtm::Stub> stub_;
    std::future<grpc::Status> status_;
};

TEST(GrpcServer, AWaitingSubmitIsAnsweredWhenTheEngineAnswers) {
    WaitingEngine engine;
    Running running(engine);
    Waiter waiter(running);
    ASSERT_TRUE(engine.wait_for(1));
    EXPECT_TRUE(waiter.is_waiting());
    engine.answer_all({engine::Answer::Kind::failure, "no stock FAILURE"});
    EXPECT_EQ(waiter.status().error_code(), StatusCode::ABORTED);
}

TEST(GrpcServer, AWaitingSubmitThatIsTakenBackIsOverAtOnce) {
    WaitingEngine engine;
    Running running(engine);
    Waiter waiter(running), forgotten(running);
    ASSERT_TRUE(engine.wait_for(2));
    waiter.cancel();
    forgotten.cancel();
    EXPECT_EQ(waiter.status().error_code(), StatusCode::CANCELLED);
    // Counted when the server has let go of them; the engine's late answer changes nothing.
    EXPECT_TRUE(eventually([&] { return running.metrics.answered().size() == 2; }));
    engine.answer_all({});
    running.loops.run([] {});
    EXPECT_THAT(running.metrics.answered(), testing::Each("grpc submit fail"));
    EXPECT_EQ(running.metrics.answered().size(), 2u);
}

TEST(GrpcServer, AnswersAndCancellationsMayRace) {
    WaitingEngine engine;
    Running running(engine);
    for (int round = 0; round < 30; ++round) {
        Waiter waiter(running);
        ASSERT_TRUE(engine.wait_for(1));
        std::thread canceller([&] { waiter.cancel(); });
        engine.answer_all({});
        canceller.join();
        const auto code = waiter.status().error_code();
        EXPECT_TRUE(code == StatusCode::OK || code == StatusCode::CANCELLED) << code;
    }
    EXPECT_TRUE(eventually([&] { return running.metrics.answered().size() == 30; }));
}

TEST(GrpcServer, MayGoWhileACallWaits) {
    WaitingEngine engine;
    Running running(engine);
    Waiter waiter(running);
    ASSERT_TRUE(engine.wait_for(1));
    running.server.reset();
    EXPECT_FALSE(waiter.status().ok());
    engine.answer_all({});
    running.loops.run([] {});
}

TEST(GrpcServer, AnEngineThatForgetsACallDoesNotKeepItFromEnding) {
    WaitingEngine engine;
    Running running(engine);
    Waiter waiter(running);
    ASSERT_TRUE(engine.wait_for(1));
    engine.drop_all();
    EXPECT_TRUE(waiter.is_waiting());
    waiter.cancel();
    EXPECT_EQ(waiter.status().error_code(), StatusCode::CANCELLED);
}

TEST(GrpcServer, StopsWhenTheLastCallIsAnsweredAndTakesNoNewOnes) {
    WaitingEngine engine;
    Running running(engine);
    Waiter waiter(running);
    ASSERT_TRUE(engine.wait_for(1));
    std::promise<void> stopped;
    auto is_stopped = stopped.get_future();
    running.loops.run([&] { running.server->stop(Millis(20'000), [&] { stopped.set_value(); }); });
    constexpr int not_serving = 2;
    EXPECT_EQ(running.health(), not_serving);
    // The engine is still asked, and refuses.
    running.loops.run([&] { engine.answer = {engine::Answer::Kind::unavailable, "stopping"}; });
    Context context;
    Empty empty;
    EXPECT_EQ(running.stub()->Abort(&context, saga(), &empty).error_code(), StatusCode::UNAVAILABLE);
    EXPECT_EQ(is_stopped.wait_for(Millis(0)), std::future_status::timeout);
    engine.answer_all({});
    EXPECT_TRUE(waiter.status().ok());
    EXPECT_EQ(is_stopped.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    EXPECT_EQ(running.health(), -1);
}

TEST(GrpcServer, CutsWhatIsOpenAtTheLimitOfAStop) {
    WaitingEngine engine;
    Running running(engine);
    Waiter waiter(running);
    ASSERT_TRUE(engine.wait_for(1));
    std::promise<void> stopped;
    running.loops.run([&] { running.server->stop(Millis(100), [&] { stopped.set_value(); }); });
    EXPECT_EQ(stopped.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
    EXPECT_FALSE(waiter.status().ok());
    engine.drop_all();
}

// Health watches and reflection have no end of their own.
TEST(GrpcServer, OpenStreamsDoNotHoldUpAStopNorTheOtherCalls) {
    QuietEngine engine;
    Running running(engine);
    Context contexts[20];
    grpc::GenericStub stub(running.channel());
    grpc::CompletionQueue queue;
    std::vector<std::unique_ptr<grpc::GenericClientAsyncReaderWriter>> streams;
    for (Context& context : contexts) {
        const bool watches = streams.size() % 2 == 0;
        streams.push_back(stub.PrepareCall(
            &context,
            watches ? "/grpc.health.v1.Health/Watch" : "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            &queue));
        streams.back()->StartCall(&context);
        void* tag = nullptr;
        bool ok = false;
        ASSERT_TRUE(queue.Next(&tag, &ok));
    }
    Context context;
    Empty empty;
    EXPECT_TRUE(running.stub()->Abort(&context, saga(), &empty).ok());
    std::promise<void> stopped;
    running.loops.run([&] { running.server->stop(Millis(60'000), [&] { stopped.set_value(); }); });
    EXPECT_EQ(stopped.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
    queue.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue.Next(&tag, &ok)) {
    }
}

TEST(GrpcServer, HealthFollowsTheEngine) {
    constexpr int serving = 1, not_serving = 2;
    QuietEngine engine;
    Running running(engine);
    EXPECT_EQ(running.health(), serving);
    std::string answer;
    EXPECT_TRUE(call_raw(running.channel(), "/grpc.health.v1.Health/Check",
                         "\x0A\x0B"
                         "dtmgimp.Dtm",
                         &answer)
                    .ok());
    EXPECT_EQ(answer, "\x08\x01");
    EXPECT_EQ(call_raw(running.channel(), "/grpc.health.v1.Health/Check", "\x0A\x01x").error_code(),
              StatusCode::NOT_FOUND);
    running.loops.run([&] { engine.answer = {engine::Answer::Kind::unavailable, "the store is down"}; });
    EXPECT_TRUE(eventually([&] { return running.health() == not_serving; }));
    running.loops.run([&] { engine.answer = {}; });
    EXPECT_TRUE(eventually([&] { return running.health() == serving; }));
}

TEST(GrpcServer, SaysWhyItCannotListen) {
    QuietEngine engine;
    Running running(engine);
    auto options = Running::local();
    const auto what = [&] { return listen_grpc(running.loops.list(), engine, running.metrics, options).error().what; };
    options.port = running.server->port();
    EXPECT_EQ(what(), "cannot listen on 127.0.0.1:" + std::to_string(options.port) +
                          " for gRPC: another process uses this port; end it or set GrpcPort");
    options.port = 0;
    options.host = "192.0.2.1";
    EXPECT_THAT(what(), testing::StartsWith("cannot listen on 192.0.2.1:0 for gRPC: "));
    options.host = "no-such-host.invalid";
    EXPECT_THAT(what(), testing::HasSubstr("set Host to an address of this machine"));
}

TEST(GrpcServer, ListensOnAllInterfaces) {
    QuietEngine engine;
    auto options = Running::local();
    options.host = "";
    Running running(engine, options);
    EXPECT_EQ(running.health(), 1);
}

}  // namespace
}  // namespace dtmd::api
