#include "api/grpc/exchange.h"
#include "unit/api_grpc/running_grpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtmd::api {
namespace {

using Kind = engine::Answer::Kind;
using grpc::StatusCode;

struct Row {
    Kind kind;
    const char* message;
    StatusCode code;
};

// protocol.md 3.3
const Row rows[] = {
    {Kind::success, "", StatusCode::OK},
    {Kind::failure, "current status 'succeed', cannot sumbmit. FAILURE", StatusCode::ABORTED},
    {Kind::ongoing, "later ONGOING", StatusCode::FAILED_PRECONDITION},
    {Kind::invalid, "unknown trans_type 'x'", StatusCode::INTERNAL},
    {Kind::error, "no TransGlobal with gid: g1 found", StatusCode::INTERNAL},
    {Kind::error, "storage: NotFound", StatusCode::INTERNAL},
    {Kind::error, "topic not found", StatusCode::INTERNAL},
    {Kind::error, "unknow trans type: saga", StatusCode::INTERNAL},
    {Kind::error, "this url exists", StatusCode::UNKNOWN},
    {Kind::error, "your http/grpc result should be specified as in: ...", StatusCode::UNKNOWN},
    {Kind::unavailable, "the store is not available", StatusCode::UNAVAILABLE},
    {Kind::unknown, "it may or may not have been taken", StatusCode::UNKNOWN},
};

TEST(GrpcStatus, FollowsTheTable) {
    for (const Row& row : rows) {
        const grpc::Status status = to_status({row.kind, row.message});
        EXPECT_EQ(status.error_code(), row.code) << row.message;
        EXPECT_EQ(status.error_message(), row.message);
    }
}

TEST(GrpcStatus, LongTextsAreCutToWhatClientsTake) {
    QuietEngine engine;
    engine.answer = {Kind::failure, std::string(100'000, '\xE4')};
    Running running(engine);
    dtmgimp::DtmRequest request;
    request.set_gid("g1");
    request.set_transtype("saga");
    google::protobuf::Empty empty;
    Context context;
    const auto status = running.stub()->Submit(&context, request, &empty);
    EXPECT_EQ(status.error_code(), StatusCode::ABORTED);
    EXPECT_EQ(status.error_message(), std::string(2'000, '?'));
}

TEST(GrpcStatus, ReachesTheClientOfEveryRpc) {
    QuietEngine engine;
    Running running(engine);
    const auto stub = running.stub();
    dtmgimp::DtmRequest request;
    request.set_gid("g1");
    request.set_transtype("workflow");
    (*request.mutable_reqextra())["status"] = "succeed";
    dtmgimp::DtmBranchRequest branch;
    branch.set_gid("g1");
    branch.set_transtype("tcc");
    google::protobuf::Empty empty;
    dtmgimp::DtmProgressesReply progress;
    const dtmgimp::DtmTopicRequest topic;
    const auto settled = [&](grpc::Status status) {
        running.loops.settle();
        return status;
    };
    for (const Row& row : rows) {
        if (row.kind == Kind::success) continue;
        running.loops.settle();
        running.loops.run([&] { engine.answer = {row.kind, row.message}; });
        running.loops.settle();
        Context contexts[8];
        const grpc::Status statuses[] = {settled(stub->Prepare(&contexts[0], request, &empty)),
                                         settled(stub->Submit(&contexts[1], request, &empty)),
                                         settled(stub->Abort(&contexts[2], request, &empty)),
                                         settled(stub->RegisterBranch(&contexts[3], branch, &empty)),
                                         settled(stub->PrepareWorkflow(&contexts[4], request, &progress)),
                                         settled(stub->Subscribe(&contexts[5], topic, &empty)),
                                         settled(stub->Unsubscribe(&contexts[6], topic, &empty)),
                                         settled(stub->DeleteTopic(&contexts[7], topic, &empty))};
        for (const grpc::Status& status : statuses) {
            EXPECT_EQ(status.error_code(), row.code);
            EXPECT_EQ(status.error_message(), row.message);
        }
    }
    EXPECT_THAT(running.metrics.answered(), testing::Each(testing::EndsWith(" fail")));
}

TEST(GrpcStatus, TextsOfAllLanguagesArrive) {
    QuietEngine engine;
    const std::string text = "Lager leer: \xE5\xBA\x93\xE5\xAD\x98\n100% FAILURE";
    engine.answer = {Kind::failure, text};
    Running running(engine);
    dtmgimp::DtmRequest request;
    request.set_gid("g1");
    request.set_transtype("saga");
    google::protobuf::Empty empty;
    Context context;
    EXPECT_EQ(running.stub()->Submit(&context, request, &empty).error_message(), text);
}

}  // namespace
}  // namespace dtmd::api
