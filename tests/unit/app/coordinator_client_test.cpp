#include "app/demo/coordinator_client.h"

#include <gtest/gtest.h>

namespace dtmd::app {
namespace {

TEST(ParseServer, AcceptsWhatPeopleType) {
    EXPECT_EQ(parse_server("http://127.0.0.1:36789")->text(), "http://127.0.0.1:36789");
    EXPECT_EQ(parse_server("http://dtmd:1/")->text(), "http://dtmd:1");
    EXPECT_EQ(parse_server("http://dtmd")->port, 80);
    EXPECT_EQ(parse_server("http://[::1]:36789")->host, "::1");
}

TEST(ParseServer, RefusesTheRestWithTheFormItExpects) {
    for (const char* url :
         {"", "127.0.0.1:36789", "https://dtmd:1", "http://", "http://a:0", "http://a:1/api", "http://a:99999"}) {
        SCOPED_TRACE(url);
        const auto parsed = parse_server(url);
        ASSERT_FALSE(parsed);
        EXPECT_NE(parsed.error().what.find("http://HOST:PORT"), std::string::npos);
    }
}

TEST(ParseProgress, ReadsStatusAndTimeline) {
    const auto progress = parse_progress(R"({
        "transaction":{"gid":"g","status":"failed","rollback_reason":"because"},
        "branches":[{"branch_id":"01","op":"action","status":"succeed","attempts":2,"last_error":"slow"},
                    {"branch_id":"02","op":"action","status":"prepared"}]})");
    ASSERT_TRUE(progress) << progress.error().what;
    EXPECT_EQ(progress->status, "failed");
    EXPECT_EQ(progress->reason, "because");
    EXPECT_TRUE(progress->has_ended());
    ASSERT_EQ(progress->timeline.size(), 2u);
    EXPECT_EQ(progress->timeline[0].attempts, "2");
    EXPECT_EQ(progress->timeline[0].last_error, "slow");
    EXPECT_EQ(progress->timeline[1].last_error, "");
}

TEST(ParseProgress, RefusesWhatIsNoTransaction) {
    for (const char* body : {"", "[]", "null", R"({"transaction":null,"branches":[]})"}) {
        SCOPED_TRACE(body);
        EXPECT_FALSE(parse_progress(body));
    }
}

TEST(CoordinatorClient, SaysAtOnceThatNobodyIsThere) {
    Narrator narrator(stderr);
    CoordinatorClient client({.host = "127.0.0.1", .port = 1}, narrator);
    const auto greeted = client.greet();
    ASSERT_FALSE(greeted);
    EXPECT_EQ(greeted.error().code, Errc::unavailable);
    EXPECT_NE(greeted.error().what.find("http://127.0.0.1:1 does not answer"), std::string::npos);
}

TEST(CoordinatorClient, GivesUpWhenItsPatienceEnds) {
    Narrator narrator(stderr);
    CoordinatorClient client({.host = "127.0.0.1", .port = 1}, narrator, Millis(150));
    const auto gid = client.new_gid();
    ASSERT_FALSE(gid);
    EXPECT_EQ(gid.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace dtmd::app
