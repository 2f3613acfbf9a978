#include "participant/resolver/etcd_json.h"

#include <gtest/gtest.h>

namespace dtmd::participant::etcd {
namespace {

TEST(EtcdJson, AsksForAPrefix) {
    EXPECT_EQ(range_request("a/"), R"({"key":"YS8=","range_end":"YTA="})");  // "a/" up to "a0"
    EXPECT_EQ(watch_request("a/", 12), R"({"create_request":{"key":"YS8=","range_end":"YTA=","start_revision":"12"}})");
    EXPECT_EQ(put_request("k", "v", 7), R"({"key":"aw==","lease":"7","value":"dg=="})");
    EXPECT_EQ(lease_request(7), R"({"ID":"7"})");
    EXPECT_EQ(grant_request(std::chrono::seconds(10)), R"({"TTL":"10"})");
}

TEST(EtcdJson, ReadsKeysValuesAndTheRevision) {
    const auto range =
        read_range(R"({"header":{"cluster_id":"1","revision":"42"},"kvs":[{"key":"YQ==","value":"Yg=="},)"
                   R"({"key":"Yw=="}],"count":"2"})");
    ASSERT_TRUE(range);
    EXPECT_EQ(range->revision, 42);
    EXPECT_EQ(range->items, (std::vector<std::pair<std::string, std::string>>{{"a", "b"}, {"c", ""}}));
    EXPECT_TRUE(read_range(R"({"header":{"revision":"1"}})")->items.empty());
}

TEST(EtcdJson, RefusesWhatIsNoAnswer) {
    for (const char* body : {"", "<html>", "[]", "5", "{}", R"({"header":5})", R"({"header":{},"kvs":[5]})"}) {
        EXPECT_FALSE(read_range(body)) << body;
        EXPECT_FALSE(read_lease(body)) << body;
        EXPECT_FALSE(read_token(body)) << body;
        EXPECT_FALSE(read_keep_alive(body)) << body;
    }
    const auto odd = read_range(R"({"header":{"revision":{}},"kvs":[{"key":5,"value":"%%%"}]})");
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->items.front(), (std::pair<std::string, std::string>{}));
}

// etcd leaves the time to live out when the lease is gone.
TEST(EtcdJson, ALeaseLivesWhileItHasTimeLeft) {
    EXPECT_EQ(*read_keep_alive("{\"result\":{\"ID\":\"7\",\"TTL\":\"10\"}}\n"), LeaseState::alive);
    EXPECT_EQ(*read_keep_alive("{\"result\":{\"ID\":\"7\"}}\n"), LeaseState::gone);
    EXPECT_EQ(*read_lease(R"({"ID":"7587862094","TTL":"10"})"), 7587862094);
}

TEST(EtcdJson, AWatchTellsOfEventsAndOfItsEnd) {
    EXPECT_FALSE(tells_of_change(R"({"result":{"header":{"revision":"4"},"created":true}})"));
    EXPECT_FALSE(tells_of_change(R"({"result":{"header":{"revision":"4"}}})"));
    EXPECT_TRUE(tells_of_change(R"({"result":{"header":{},"events":[{"type":"DELETE","kv":{"key":"YQ=="}}]}})"));
    EXPECT_TRUE(tells_of_change(R"({"result":{"canceled":true,"compact_revision":"9"}})"));
    EXPECT_TRUE(tells_of_change(R"({"error":{"http_code":401}})"));
    EXPECT_TRUE(tells_of_change("nonsense"));
}

TEST(EtcdJson, SaysWhatWentWrong) {
    EXPECT_EQ(read_error(400, R"({"error":"etcdserver: user name is empty","code":3})"),
              "HTTP 400: etcdserver: user name is empty");
    EXPECT_EQ(read_error(502, "<html>"), "HTTP 502: <html>");
}

TEST(EtcdJson, EndpointsAreALotOfThings) {
    EXPECT_EQ(etcd_endpoints("a:1, b,http://c:3,[::1]:5,[::1],"),
              (std::vector<std::string>{"a:1", "b:2379", "c:3", "[::1]:5", "[::1]:2379"}));
}

}  // namespace
}  // namespace dtmd::participant::etcd
