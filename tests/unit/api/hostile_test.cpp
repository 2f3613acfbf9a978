#include "unit/api/fakes.h"

#include <gtest/gtest.h>

#include <random>

namespace dtmd::api {
namespace {

std::string repeated(std::string_view piece, std::size_t times) {
    std::string text;
    text.reserve(piece.size() * times);
    for (std::size_t i = 0; i < times; ++i) text += piece;
    return text;
}

// In a member that nobody reads, so that the parser alone has to stop it.
std::string with_ignored(const std::string& value) {
    return R"({"gid":"g","trans_type":"saga","ignored":)" + value + "}";
}

TEST(Hostile, DeepNestingIsRefused) {
    const std::string bombs[] = {
        with_ignored(repeated("[", 100'000) + repeated("]", 100'000)),
        with_ignored(repeated(R"({"a":)", 100'000) + "1" + repeated("}", 100'000)),
        with_ignored(repeated("[", 1'000'000)),
        repeated("[", 1'000'000),
        repeated("[[],", 100'000),
    };
    for (const std::string& bomb : bombs) {
        Client client;
        const auto response = client.post("/api/dtmsvr/submit", bomb);
        EXPECT_EQ(response.status, 400U);
        EXPECT_EQ(response.body, R"({"message":"body: nested deeper than 64 levels"})");
    }
}

TEST(Hostile, NestingWithinTheLimitIsIgnored) {
    Client client;
    EXPECT_EQ(client.post("/api/dtmsvr/submit", with_ignored(repeated("[", 63) + repeated("]", 63))).status, 200U);
    EXPECT_EQ(client.post("/api/dtmsvr/submit", with_ignored(repeated("[", 64) + repeated("]", 64))).status, 400U);
}

TEST(Hostile, ManyValuesAreRefused) {
    Client client;
    const auto response = client.post("/api/dtmsvr/submit", with_ignored("[" + repeated("0,", 3'000'000) + "0]"));
    EXPECT_EQ(response.status, 400U);
    EXPECT_EQ(response.body, R"({"message":"body: holds more than 100000 values"})");
}

TEST(Hostile, BadUtf8IsRefused) {
    for (const char* bad : {"\xFF", "\xC3(", "\xED\xA0\x80", "\\ud800", "\\udc00x"}) {
        SCOPED_TRACE(bad);
        Client client;
        const auto response = client.post("/api/dtmsvr/submit", with_ignored('"' + std::string(bad) + '"'));
        EXPECT_EQ(response.status, 400U);
        EXPECT_TRUE(response.body.starts_with(R"({"message":"body is not JSON: )")) << response.body;
    }
}

TEST(Hostile, LongWrongTextsAreNotRepeatedWhole) {
    Client client;
    const std::string megabyte(1 << 20, 'x');
    const std::string bodies[] = {
        with_ignored('"' + megabyte),
        R"({"gid":")" + megabyte + R"("})",
        R"({"gid":"g","trans_type":")" + megabyte + R"("})",
        R"({"gid":"g","trans_type":"saga","concurrent":")" + megabyte + R"("})",
        R"({"gid":"g","trans_type":"saga","branch_headers":{")" + megabyte + R"(":1}})",
        R"({"gid":"g","trans_type":"workflow","req_extra":{"status":")" + megabyte + R"("}})",
        megabyte,
    };
    for (const std::string& body : bodies) {
        const auto response = client.post("/api/dtmsvr/submit", body);
        EXPECT_EQ(response.status, 400U);
        EXPECT_LT(response.body.size(), 1000U);
    }
    EXPECT_LT(client.get("/api/dtmsvr/all?limit=" + megabyte).body.size(), 1000U);
    EXPECT_LT(client.get("/api/dtmsvr/all?status=" + megabyte).body.size(), 1000U);
    EXPECT_LT(client.get("/api/dtmsvr/all?gid=" + megabyte).body.size(), 1000U);
    EXPECT_LT(client.get("/api/dtmsvr/all?a=%" + megabyte).body.size(), 1000U);
    EXPECT_TRUE(client.engine.calls.empty());
}

// Whatever is cut off, there is one answer, and only the whole request reaches the engine.
TEST(Hostile, EveryTruncationIsRefused) {
    for (const char* route : {"submit", "registerBranch", "abort", "prepareWorkflow"}) {
        for (std::size_t length = 0; length < saga_body.size(); ++length) {
            Client client;
            const auto response = client.post("/api/dtmsvr/" + std::string(route), saga_body.substr(0, length));
            ASSERT_EQ(response.status, 400U) << length;
            ASSERT_TRUE(client.engine.calls.empty()) << length;
        }
    }
}

TEST(Hostile, EveryMutationIsAnsweredOnce) {
    std::mt19937 dice(7);
    const std::string_view bytes = "\"{}[],:\\0159.-+eEntfu \n\x80\xFF";
    Client client;
    for (int round = 0; round < 20'000; ++round) {
        std::string body = saga_body;
        for (int edits = 1 + static_cast<int>(dice() % 4); edits > 0; --edits) {
            body[dice() % body.size()] = bytes[dice() % bytes.size()];
        }
        const auto response = client.post("/api/dtmsvr/submit", body);
        ASSERT_TRUE(response.status == 200 || response.status == 400) << response.status << ": " << body;
    }
    EXPECT_EQ(client.metrics.answered.size(), 20'000U);
}

TEST(Hostile, EveryMutatedTargetIsAnsweredOnce) {
    std::mt19937 dice(11);
    const std::string_view bytes = "/?&=%+#:;.0aF\x80";
    Client client;
    for (int round = 0; round < 20'000; ++round) {
        std::string target = "/api/dtmsvr/all?gid=g%20x&limit=5&status=succeed";
        for (int edits = 1 + static_cast<int>(dice() % 5); edits > 0; --edits) {
            target[dice() % target.size()] = bytes[dice() % bytes.size()];
        }
        ASSERT_NE(client.get(target).status, 0U) << target;
    }
}

}  // namespace
}  // namespace dtmd::api
