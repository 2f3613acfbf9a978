#include "unit/api_jsonrpc/rpc_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtmd::api {
namespace {

using nlohmann::json;

// The table of protocol.md 2, row by row.
struct Row {
    const char *why, *body;
    unsigned status;
    int code;
    const char *message, *id;
};

const Row rows[] = {
    {"not JSON", "{", 400, -32700, "Parse json error: ", ""},
    {"nothing", "", 400, -32700, "Parse json error: ", ""},
    {"no object", "5", 400, -32700, "Parse json error: body: expected a JSON object, got 5", ""},
    {"an id that is a number", R"({"jsonrpc":"2.0","method":"newGid","id":5})", 400, -32700,
     "Parse json error: id: expected a string, got 5", ""},
    {"a method that is none", R"({"jsonrpc":"2.0","method":[],"id":"a"})", 400, -32700,
     "Parse json error: method: expected a string, got an array", ""},
    {"no id", R"({"jsonrpc":"2.0","method":"newGid","params":{"a":[1,"x"]}})", 200, -32600,
     R"(Bad json request: {"method":"newGid","jsonrpc":"2.0","params":{"a":[1,"x"]},"id":""})", ""},
    {"an id that is null", R"({"jsonrpc":"2.0","method":"newGid","id":null})", 200, -32600,
     R"(Bad json request: {"method":"newGid","jsonrpc":"2.0","params":null,"id":""})", ""},
    {"an empty id", R"({"jsonrpc":"2.0","method":"newGid","id":""})", 200, -32600,
     R"(Bad json request: {"method":"newGid","jsonrpc":"2.0","params":null,"id":""})", ""},
    {"another version", R"({"jsonrpc":"1.0","method":"newGid","id":"i"})", 200, -32600,
     R"(Bad json request: {"method":"newGid","jsonrpc":"1.0","params":null,"id":"i"})", "i"},
    {"no version", R"({"method":"newGid","id":"i"})", 200, -32600,
     R"(Bad json request: {"method":"newGid","jsonrpc":"","params":null,"id":"i"})", "i"},
    {"an unknown method", R"({"jsonrpc":"2.0","method":"query","id":"i"})", 200, -32601, "Method not found: query",
     "i"},
};

TEST(JsonRpcErrors, FollowTheTable) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.why);
        RpcClient client;
        const auto response = client.rpc(row.body);
        EXPECT_EQ(response.status, row.status);
        EXPECT_EQ(response.content_type.starts_with("text/plain"), row.status == 400);
        const json answer = json::parse(response.body);
        EXPECT_EQ(answer.size(), 4u);
        EXPECT_EQ(answer["jsonrpc"], "2.0");
        EXPECT_EQ(answer["id"], row.id);
        EXPECT_TRUE(answer["result"].is_null());
        EXPECT_EQ(answer["error"]["code"], row.code);
        EXPECT_THAT(answer["error"]["message"].get<std::string>(), testing::StartsWith(row.message));
        EXPECT_THAT(client.engine.calls, testing::IsEmpty());
    }
}

// Errors of a method, unlike those of the envelope, have an empty object as their result.
TEST(JsonRpcErrors, NameTheParameterThatIsWrong) {
    const struct {
        const char *method, *params, *message;
    } cases[] = {
        {"submit", "null", "params: expected an object, got null"},
        {"prepare", "[1]", "params: expected an object, got an array"},
        {"submit", R"({"gid":5,"trans_type":"saga"})", "gid: expected a string, got 5"},
        {"submit", R"({"gid":"g"})", "unknown trans_type ''"},
        {"abort", "{}", ""},
        {"registerBranch", R"({"gid":"g","trans_type":"tcc","branch_id":1})", "branch_id: expected a string, got 1"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.params);
        RpcClient client;
        const json answer = json::parse(client.call(row.method, row.params).body);
        EXPECT_EQ(answer["error"]["code"], -32603);
        EXPECT_EQ(answer["result"], json::object());
        EXPECT_THAT(answer["error"]["message"].get<std::string>(), testing::StartsWith(row.message));
        EXPECT_THAT(client.engine.calls, testing::IsEmpty());
    }
}

// dtm stores such a gid as it is; it can't be asked for over HTTP, where those characters are removed.
TEST(JsonRpcErrors, RefuseAGidThatHttpWouldChange) {
    RpcClient client;
    const json answer = json::parse(client.call("submit", R"({"gid":"a;b\n","trans_type":"saga"})").body);
    EXPECT_EQ(answer["error"]["code"], -32603);
    EXPECT_THAT(client.engine.calls, testing::IsEmpty());
}

TEST(JsonRpcErrors, DontRepeatLargeParams) {
    RpcClient client;
    const std::string body = R"({"jsonrpc":"1","method":"m","id":"i","params":")" + std::string(100'000, 'x') + "\"}";
    EXPECT_LT(client.rpc(body).body.size(), 500u);
}

TEST(JsonRpcErrors, RefuseWhatIsNestedTooDeeply) {
    RpcClient client;
    const auto response = client.rpc(std::string(100'000, '['));
    EXPECT_EQ(response.status, 400u);
    EXPECT_EQ(json::parse(response.body)["error"]["code"], -32700);
}

}  // namespace
}  // namespace dtmd::api
