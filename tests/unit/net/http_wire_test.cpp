#include "net/http_wire.h"

#include <gtest/gtest.h>

namespace dtmd::net {
namespace {

HttpResponse sample() {
    HttpResponse response;
    response.body = R"({"a":1})";
    return response;
}

TEST(HttpWire, WritesAWholeAnswer) {
    HttpResponse response = sample();
    response.status = 409;
    response.headers = {{"X-Gid", "g1"}};
    EXPECT_EQ(serialize(response, {.date = "now"}),
              "HTTP/1.1 409 Conflict\r\nDate: now\r\nX-Gid: g1\r\nContent-Type: application/json; charset=utf-8\r\n"
              "Content-Length: 7\r\n\r\n{\"a\":1}");
}

TEST(HttpWire, SaysWhetherTheConnectionGoesOn) {
    EXPECT_EQ(serialize(sample(), {}).find("Connection"), std::string::npos);
    EXPECT_NE(serialize(sample(), {.keep_alive = false}).find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_NE(serialize(sample(), {.http_1_0 = true}).find("\r\nConnection: keep-alive\r\n"), std::string::npos);
}

TEST(HttpWire, LeavesTheBodyOfAHeadOutButNotItsLength) {
    const std::string bytes = serialize(sample(), {.head_only = true});
    EXPECT_NE(bytes.find("Content-Length: 7\r\n"), std::string::npos);
    EXPECT_TRUE(bytes.ends_with("\r\n\r\n"));
}

TEST(HttpWire, GivesNoBodyWhereNoneMayBe) {
    HttpResponse response;
    response.status = 204;
    EXPECT_EQ(serialize(response, {}), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(HttpWire, LetsNoHeaderValueBreakOut) {
    HttpResponse response = sample();
    response.headers = {{"Location", "/a\r\nSet-Cookie: x"}};
    EXPECT_NE(serialize(response, {}).find("\r\nLocation: /a  Set-Cookie: x\r\n"), std::string::npos);
}

TEST(HttpWire, MakesJsonOfAnyMessage) {
    EXPECT_EQ(message_response(400, "a \"b\" \\ \n c").body, R"({"message":"a \"b\" \\   c"})");
}

TEST(HttpWire, WritesTheDateAsHttpDoes) {
    DateLine line;
    const std::string date(line.now());
    ASSERT_EQ(date.size(), 29u) << date;
    EXPECT_EQ(date.substr(3, 2), ", ");
    EXPECT_TRUE(date.ends_with(" GMT"));
    std::tm parts{};
    ASSERT_NE(strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts), nullptr);
    EXPECT_LE(std::abs(std::difftime(std::time(nullptr), timegm(&parts))), 2);
}

}  // namespace
}  // namespace dtmd::net
