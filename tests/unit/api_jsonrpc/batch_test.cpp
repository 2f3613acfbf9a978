#include "unit/api_jsonrpc/rpc_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Batches, by the examples of the JSON-RPC 2.0 specification, section 7.
namespace dtmd::api {
namespace {

using nlohmann::json;

json by_id(const json& answers, const json& id) {
    for (const json& answer : answers) {
        if (answer["id"] == id) return answer;
    }
    return {};
}

TEST(JsonRpcBatch, IsAnsweredByAnArray) {
    RpcClient client;
    const auto response =
        client.rpc(R"([{"jsonrpc":"2.0","method":"newGid","id":"1"},)"
                   R"({"jsonrpc":"2.0","method":"abort","params":{"gid":"g","trans_type":"tcc"}},)"
                   R"({"jsonrpc":"2.0","method":"submit","params":{"gid":"g","trans_type":"saga"},"id":2},)"
                   R"({"foo":"boo"},)"
                   R"({"jsonrpc":"2.0","method":"foo.get","id":"5"},)"
                   R"({"jsonrpc":"2.0","method":"newGid","id":null}])");
    EXPECT_EQ(response.status, 200u);
    const json answers = json::parse(response.body);
    ASSERT_EQ(answers.size(), 5u);
    EXPECT_TRUE(by_id(answers, "1")["result"].contains("gid"));
    EXPECT_TRUE(by_id(answers, 2)["error"].is_null());
    EXPECT_EQ(by_id(answers, "5")["error"]["code"], -32601);
    const auto without_id = std::ranges::count_if(answers, [](const json& answer) { return answer["id"].is_null(); });
    EXPECT_EQ(without_id, 2);
    EXPECT_THAT(client.engine.calls, testing::Contains("abort g tcc "));
}

TEST(JsonRpcBatch, OfNotificationsIsRunAndNotAnswered) {
    RpcClient client;
    const auto response = client.rpc(R"([{"jsonrpc":"2.0","method":"abort","params":{"gid":"a","trans_type":"tcc"}},)"
                                     R"({"jsonrpc":"2.0","method":"no such thing"},)"
                                     R"({"jsonrpc":"2.0","method":"abort","params":{"gid":"b","trans_type":"tcc"}}])");
    EXPECT_EQ(response.status, 204u);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(client.engine.calls, (std::vector<std::string>{"abort a tcc ", "abort b tcc "}));
}

TEST(JsonRpcBatch, ThatIsEmptyIsOneError) {
    RpcClient client;
    const auto response = client.rpc("[]");
    EXPECT_EQ(response.status, 200u);
    const json answer = json::parse(response.body);
    EXPECT_EQ(answer["error"]["code"], -32600);
    EXPECT_TRUE(answer["id"].is_null());
}

TEST(JsonRpcBatch, OfWhatAreNoRequestsIsAnErrorForEach) {
    RpcClient client;
    const json answers = json::parse(client.rpc(R"([1,"a",[],{"jsonrpc":"2.0","method":"newGid","id":{}}])").body);
    ASSERT_EQ(answers.size(), 4u);
    for (const json& answer : answers) {
        EXPECT_EQ(answer["error"]["code"], -32600);
        EXPECT_TRUE(answer["id"].is_null());
        EXPECT_TRUE(answer["result"].is_null());
    }
}

TEST(JsonRpcBatch, RepeatsNumbersAsTheyCame) {
    RpcClient client;
    const auto response = client.rpc(R"([{"jsonrpc":"2.0","method":"newGid","id":1.50}])");
    EXPECT_THAT(response.body, testing::HasSubstr(R"("id":1.50)"));
}

TEST(JsonRpcBatch, OfTooManyRequestsIsRefusedAsAWhole) {
    const auto batch_of = [](std::size_t count) {
        std::string body = "[";
        for (std::size_t i = 0; i < count; ++i) {
            body.append(i == 0 ? "" : ",").append(R"({"jsonrpc":"2.0","method":"newGid","id":"i"})");
        }
        return body + "]";
    };
    RpcClient client;
    EXPECT_EQ(json::parse(client.rpc(batch_of(max_rpc_batch)).body).size(), max_rpc_batch);
    client.engine.calls.clear();
    const json refusal = json::parse(client.rpc(batch_of(max_rpc_batch + 1)).body);
    EXPECT_EQ(refusal["error"]["code"], -32600);
    EXPECT_THAT(client.engine.calls, testing::IsEmpty());
}

}  // namespace
}  // namespace dtmd::api
