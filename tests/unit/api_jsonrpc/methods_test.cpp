#include "unit/api_jsonrpc/rpc_client.h"

#include <gtest/gtest.h>

namespace dtmd::api {
namespace {

TEST(JsonRpcMethods, NewGidHasAResult) {
    RpcClient client;
    const auto response = client.call("newGid", "null");
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(response.content_type, "application/json; charset=utf-8");
    EXPECT_EQ(response.body,
              R"({"error":null,"id":"no-use","jsonrpc":"2.0","result":{"gid":"m92Zgjf4JLvWtEskkp5uNW"}})");
}

TEST(JsonRpcMethods, TheOthersHaveNoneAndReachTheEngine) {
    const struct {
        const char *method, *params, *call;
    } rows[] = {
        {"prepare", R"({"gid":"g1","trans_type":"tcc"})", "prepare g1"},
        {"submit", R"({"gid":"g1","trans_type":"saga","protocol":"json-rpc"})", "submit g1"},
        {"submit",
         R"({"gid":"g1","trans_type":"workflow","req_extra":{"status":"failed","rollback_reason":"why","result":"r"}})",
         "submit_workflow g1 failed why r"},
        {"abort", R"({"gid":"g1","trans_type":"tcc","rollback_reason":"no"})", "abort g1 tcc no"},
        {"registerBranch", R"({"gid":"g1","trans_type":"tcc","branch_id":"01","confirm":"c","cancel":"d"})",
         "register_branch g1"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.call);
        RpcClient client;
        const auto response = client.call(row.method, row.params);
        EXPECT_EQ(response.status, 200u);
        EXPECT_EQ(response.body, R"({"error":null,"id":"no-use","jsonrpc":"2.0","result":null})");
        EXPECT_EQ(client.engine.calls, std::vector<std::string>{row.call});
    }
}

TEST(JsonRpcMethods, ReadTheSameTransactionAsHttpDoes) {
    RpcClient client;
    client.call("submit", saga_body);
    const auto by_rpc = client.engine.transaction;
    client.post("/api/dtmsvr/submit", saga_body);
    ASSERT_TRUE(by_rpc && client.engine.transaction);
    EXPECT_EQ(by_rpc->steps, client.engine.transaction->steps);
    EXPECT_EQ(by_rpc->payloads, client.engine.transaction->payloads);
    EXPECT_EQ(by_rpc->options.branch_headers, client.engine.transaction->options.branch_headers);
    EXPECT_TRUE(by_rpc->options.wait_result);
}

TEST(JsonRpcMethods, KeepTheProtocolAndTheRegistrationOfTheParams) {
    RpcClient client;
    client.call("submit", R"({"gid":"g1","trans_type":"saga","protocol":"json-rpc"})");
    EXPECT_EQ(client.engine.transaction->protocol, "json-rpc");
    client.call("registerBranch", R"({"gid":"g1","trans_type":"tcc","branch_id":"01","confirm":"c","data":"{}"})");
    EXPECT_EQ(client.engine.registration->confirm, "c");
    EXPECT_EQ(client.engine.registration->data, "{}");
}

TEST(JsonRpcMethods, AnswerWithTheEnginesErrors) {
    using Kind = engine::Answer::Kind;
    const struct {
        Kind kind;
        int code;
    } rows[] = {{Kind::failure, -32901}, {Kind::ongoing, -32603},     {Kind::invalid, -32603},
                {Kind::error, -32603},   {Kind::unavailable, -32603}, {Kind::unknown, -32603}};
    for (const auto& row : rows) {
        RpcClient client;
        client.engine.answer = {row.kind, "the \"text\""};
        const auto response = client.call("submit", R"({"gid":"g1","trans_type":"saga"})");
        EXPECT_EQ(response.status, 200u);
        EXPECT_EQ(response.body, R"({"error":{"code":)" + std::to_string(row.code) +
                                     R"(,"message":"the \"text\""},"id":"no-use","jsonrpc":"2.0","result":{}})");
    }
}

TEST(JsonRpcMethods, AreCountedAsOneRoute) {
    RpcClient client;
    client.call("newGid", "{}");
    EXPECT_EQ(client.metrics.answered, std::vector<std::string>{"http jsonrpc ok"});
    EXPECT_EQ(client.get("/api/json-rpc").status, 405u);
}

}  // namespace
}  // namespace dtmd::api
