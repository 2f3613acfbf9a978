#include "unit/api_grpc/running_grpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtmd::api {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

class BadInput : public testing::Test {
protected:
    void expect_untouched() {
        running.server.reset();
        EXPECT_TRUE(engine.calls.empty());
    }

    QuietEngine engine;
    Running running{engine};
    google::protobuf::Empty empty;
};

TEST_F(BadInput, IsRefusedWithAReasonAndTouchesNothing) {
    struct Row {
        const char *gid, *type, *steps, *what;
    };
    const Row rows[] = {
        {"", "saga", "", "gid"},
        {"a\nb", "saga", "", "gid"},
        {"a b", "saga", "", "gid"},
        {"g1", "", "", "unknown trans_type ''"},
        {"g1", "sagas", "", "unknown trans_type 'sagas'"},
        {"g1", "saga", "[{", "Steps is not JSON"},
        {"g1", "saga", "{}", "Steps: expected an array"},
        {"g1", "saga", R"([{"action":1}])", "Steps"},
        {"g1", "saga", "[1]", "Steps"},
    };
    const auto stub = running.stub();
    for (const Row& row : rows) {
        SCOPED_TRACE(std::string(row.gid) + "|" + row.type + "|" + row.steps);
        dtmgimp::DtmRequest request;
        request.set_gid(row.gid);
        request.set_transtype(row.type);
        request.set_steps(row.steps);
        dtmgimp::DtmProgressesReply progress;
        Context contexts[3];
        const grpc::Status statuses[] = {stub->Submit(&contexts[0], request, &empty),
                                         stub->Prepare(&contexts[1], request, &empty),
                                         stub->PrepareWorkflow(&contexts[2], request, &progress)};
        for (const grpc::Status& status : statuses) {
            EXPECT_EQ(status.error_code(), StatusCode::INTERNAL);
            EXPECT_THAT(status.error_message(), HasSubstr(row.what));
        }
    }
    dtmgimp::DtmBranchRequest branch;
    Context context;
    EXPECT_EQ(stub->RegisterBranch(&context, branch, &empty).error_code(), StatusCode::INTERNAL);
    dtmgimp::DtmRequest saga;
    saga.set_gid("g1");
    saga.set_transtype("saga");
    dtmgimp::DtmProgressesReply progress;
    Context wrong_type, no_gid;
    const auto status = stub->PrepareWorkflow(&wrong_type, saga, &progress);
    EXPECT_EQ(status.error_message(), "TransType: expected workflow, got 'saga'");
    saga.clear_gid();
    EXPECT_EQ(stub->Abort(&no_gid, saga, &empty).error_code(), StatusCode::INTERNAL);
    expect_untouched();
}

TEST_F(BadInput, UnknownMethodsAreUnimplemented) {
    for (const char* method : {"/dtmgimp.Dtm/Nothing", "/dtmgimp.Other/Submit", "/nothing"}) {
        EXPECT_EQ(call_raw(running.channel(), method, "").error_code(), StatusCode::UNIMPLEMENTED) << method;
    }
    expect_untouched();
}

TEST_F(BadInput, WhatIsNoMessageIsRefused) {
    for (const std::string& bytes : {std::string("\x0A\xFF"), std::string("\xFF\xFF\xFF"), std::string("\x0A\x02g", 3),
                                     std::string("\x0A\x02\xC3\x28", 4)}) {
        const auto status = call_raw(running.channel(), "/dtmgimp.Dtm/Submit", bytes);
        // gRPC's own answer: to it, a message that can't be read is one for a method it doesn't have.
        EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED) << status.error_message();
    }
    EXPECT_EQ(running.health(), 1);
    expect_untouched();
}

TEST(BadInputLimits, MessagesAboveTheLimitAreRefused) {
    QuietEngine engine;
    auto options = Running::local();
    options.max_message = 10'000;
    Running running(engine, options);
    dtmgimp::DtmRequest request;
    request.set_gid("g1");
    request.set_transtype("tcc");
    request.add_binpayloads(std::string(20'000, 'x'));
    google::protobuf::Empty empty;
    Context large, small;
    const auto stub = running.stub();
    EXPECT_EQ(stub->Submit(&large, request, &empty).error_code(), StatusCode::RESOURCE_EXHAUSTED);
    request.clear_binpayloads();
    EXPECT_TRUE(stub->Submit(&small, request, &empty).ok());
}

TEST_F(BadInput, EveryTruncationAndEveryFlippedByteIsAnswered) {
    dtmgimp::DtmRequest request;
    request.set_gid("g1");
    request.set_transtype("saga");
    request.set_steps(R"([{"action":"h:1/b.B/In"}])");
    request.add_binpayloads("p");
    (*request.mutable_transoptions()->mutable_branchheaders())["h"] = "v";
    const std::string whole = request.SerializeAsString();
    const auto channel = running.channel();
    for (std::size_t i = 0; i < whole.size(); ++i) {
        call_raw(channel, "/dtmgimp.Dtm/Submit", whole.substr(0, i));
        std::string flipped = whole;
        flipped[i] = static_cast<char>(flipped[i] ^ 0x55);
        running.loops.settle();
        call_raw(channel, "/dtmgimp.Dtm/Submit", flipped);
        running.loops.settle();
    }
    EXPECT_TRUE(call_raw(channel, "/dtmgimp.Dtm/Submit", whole).ok());
}

}  // namespace
}  // namespace dtmd::api
