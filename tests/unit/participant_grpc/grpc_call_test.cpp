#include "unit/participant_grpc/grpc_branch_server.h"
#include "unit/participant_grpc/running_caller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtmd::participant {
namespace {

using txn::Answer;

TEST(GrpcCall, SendsPayloadAndMetadataAsTheyAre) {
    GrpcBranchServer server;
    RunningCaller caller;
    Call call = grpc_call_of(server.url(), std::string("\0\xff raw \n", 8));
    call.headers = {{"X-Token", "t 1"}, {"blob-bin", std::string("\0\xff", 2)}, {"dtm-op", "also"}};
    const Reply reply = caller.call(std::move(call));
    EXPECT_EQ(reply.answer, Answer::success);
    EXPECT_EQ(reply.code, 0);
    EXPECT_TRUE(reply.reached);
    EXPECT_GT(reply.took.count(), 0);

    const auto calls = server.calls();
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].method, "/busi.Busi/TransIn");
    EXPECT_EQ(calls[0].body, std::string("\0\xff raw \n", 8));
    EXPECT_EQ(calls[0].get("dtm-gid"), "gs1");
    EXPECT_EQ(calls[0].get("dtm-trans_type"), "saga");
    EXPECT_EQ(calls[0].get("dtm-branch_id"), "01");
    EXPECT_EQ(calls[0].get("dtm-op"), "action");
    EXPECT_EQ(calls[0].metadata.count("dtm-op"), 2u);
    EXPECT_EQ(calls[0].get("dtm-dtm"), "");
    EXPECT_EQ(calls[0].get("x-token"), "t 1");
    EXPECT_EQ(calls[0].get("blob-bin"), std::string("\0\xff", 2));
}

TEST(GrpcCall, AnswersByTheStatus) {
    GrpcBranchServer server([](const SeenCall& call) {
        const int code = std::stoi(call.body);
        return BranchAnswer{grpc::Status(static_cast<grpc::StatusCode>(code), "said so")};
    });
    RunningCaller caller;
    for (int code = 0; code <= 16; ++code) {
        const Reply reply = caller.call(grpc_call_of(server.url(), std::to_string(code)));
        EXPECT_EQ(reply.code, code);
        const Answer expected = code == 0    ? Answer::success
                                : code == 10 ? Answer::failure
                                : code == 9  ? Answer::ongoing
                                             : Answer::unknown;
        EXPECT_EQ(reply.answer, expected) << code;
        if (code != 0) EXPECT_THAT(reply.text, testing::HasSubstr("said so"));
    }
}

TEST(GrpcCall, KeepsItsConnectionAndDropsIdleOnes) {
    GrpcBranchServer server;
    {
        RunningCaller caller;
        for (int i = 0; i < 20; ++i) EXPECT_EQ(caller.call(server.url()).answer, Answer::success);
        EXPECT_EQ(server.peers(), 1u);
    }
    RunningCaller restless({.idle_timeout = Millis(1)});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (server.peers() < 4 && std::chrono::steady_clock::now() < deadline) {
        EXPECT_EQ(restless.call(server.url()).answer, Answer::success);
        std::this_thread::sleep_for(Millis(5));
    }
    EXPECT_GE(server.peers(), 4u);
}

TEST(GrpcCall, TakesTheInstancesInTurnAndGoesOnWithWhatIsLeft) {
    auto first = std::make_unique<GrpcBranchServer>();
    GrpcBranchServer second;
    RunningCaller caller;
    const std::string url = "ipv4:" + first->address() + "," + second.address() + "/busi.Busi/TransIn";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while ((first->calls().size() < 3 || second.calls().size() < 3) && std::chrono::steady_clock::now() < deadline) {
        EXPECT_EQ(caller.call(url).answer, Answer::success);
    }
    EXPECT_GE(first->calls().size(), 3u);
    EXPECT_GE(second.calls().size(), 3u);

    first.reset();
    int in_a_row = 0;
    while (in_a_row < 10 && std::chrono::steady_clock::now() < deadline) {
        in_a_row = caller.call(url).answer == Answer::success ? in_a_row + 1 : 0;
    }
    EXPECT_EQ(in_a_row, 10);
}

TEST(GrpcCall, IsRefusedWhenItCannotBeSentAndBlamesNoHost) {
    GrpcBranchServer server;
    RunningCaller caller;
    const auto expect_refused = [&](Call call, const std::string& what) {
        const Reply reply = caller.call(std::move(call));
        EXPECT_EQ(reply.answer, Answer::unknown);
        EXPECT_TRUE(reply.reached);
        EXPECT_EQ(reply.code, 0);
        EXPECT_THAT(reply.text, testing::HasSubstr(what));
    };
    expect_refused(grpc_call_of("nonsense"), "bad url: 'nonsense'. no '/' found");
    expect_refused(grpc_call_of("etcd://h/a.B/C"), "call dtmdriver.Use()");
    Call gid = grpc_call_of(server.url());
    gid.gid = "gr\xC3\xBC\xC3\x9F";
    expect_refused(std::move(gid), "the value of dtm-gid has characters beyond ASCII");
    for (const auto& [name, value, what] :
         {std::tuple{"a!", "v", "a branch header is named 'a!'"}, std::tuple{"", "v", "a branch header is named ''"},
          std::tuple{"a", "\n", "the branch header 'a' has characters beyond ASCII"}}) {
        Call call = grpc_call_of(server.url());
        call.headers = {{name, value}};
        expect_refused(std::move(call), what);
    }
    Call many = grpc_call_of(server.url());
    for (int i = 0; i < 101; ++i) many.headers.emplace_back("h" + std::to_string(i), "v");
    expect_refused(std::move(many), "more than 100 branch headers");
    EXPECT_TRUE(server.calls().empty());
}

TEST(GrpcCall, HeadersDoNotTouchHowAMessageIsCarried) {
    GrpcBranchServer server;
    RunningCaller caller;
    Call call = grpc_call_of(server.url());
    for (const char* name : {"Content-Type", "te", "grpc-timeout", "grpc-encoding", "host", "Connection", "user-agent",
                             "transfer-encoding", "content-length"}) {
        call.headers.emplace_back(name, "1n");
    }
    call.headers.emplace_back("x-last", "v");
    EXPECT_EQ(caller.call(std::move(call)).answer, Answer::success);
    EXPECT_EQ(server.calls().at(0).get("x-last"), "v");
}

TEST(GrpcCall, IsNeverAnsweredInside) {
    GrpcBranchServer server;
    RunningCaller caller;
    for (const std::string& url : {server.url(), std::string("nonsense"), std::string("127.0.0.1:1/a.B/C")}) {
        std::promise<bool> nested;
        caller.loop().post([&] {
            auto is_inside = std::make_shared<bool>(true);
            caller.participant().call(grpc_call_of(url),
                                      [&, is_inside](const Reply&) { nested.set_value(*is_inside); });
            *is_inside = false;
        });
        EXPECT_FALSE(nested.get_future().get()) << url;
    }
}

TEST(GrpcCall, ManyAtOnceAreAllAnswered) {
    GrpcBranchServer server([](const SeenCall& call) { return BranchAnswer{{}, call.body}; });
    RunningCaller caller;
    std::vector<std::future<Reply>> replies;
    for (int i = 0; i < 500; ++i) replies.push_back(caller.start(grpc_call_of(server.url(), std::to_string(i))));
    for (auto& reply : replies) EXPECT_EQ(reply.get().answer, Answer::success);
    EXPECT_EQ(server.calls().size(), 500u);
}

TEST(GrpcParticipant, SaysWhatIsWrongWithItsOptions) {
    net::AsioLoop loop;
    const auto what = [&](GrpcParticipantOptions options) -> std::string {
        try {
            make_grpc_participant(loop, std::move(options));
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return {};
    };
    EXPECT_EQ(what({}), "");
    EXPECT_EQ(what({.service_config = ""}), "");
    EXPECT_THAT(what({.service_config = "{"}), testing::StartsWith("GrpcServiceConfig: gRPC does not take it: "));
    EXPECT_THAT(what({.ca_file = "/nowhere"}), testing::StartsWith("Participants.CaFile: cannot use '/nowhere'"));
}

}  // namespace
}  // namespace dtmd::participant
