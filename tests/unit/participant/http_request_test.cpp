#include "participant/http/http_request.h"

#include "unit/participant/running_participant.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace dtmd::participant {
namespace {

std::string request_of(const Call& call) {
    const auto destination = parse_destination(call.url);
    if (!destination) return destination.error().what;
    const auto request = serialize_call(call, *destination);
    return request ? *request : request.error().what;
}

std::string target_of(std::string url) {
    const std::string request = request_of(call_of(std::move(url)));
    const std::size_t start = request.find(' ') + 1;
    return request.substr(start, request.find(" HTTP/1.1\r\n") - start);
}

std::string body_of(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }

TEST(HttpRequest, IsAGetWithoutABodyAndAPostWithOne) {
    EXPECT_EQ(request_of(call_of("http://h:81/a1?x=1")),
              "GET /a1?x=1&branch_id=01&gid=gs1&op=action&trans_type=saga HTTP/1.1\r\nHost: h:81\r\n"
              "Content-Type: application/json\r\nAccept: application/json\r\nUser-Agent: dtmd/" DTMD_TEST_VERSION
              "\r\n\r\n");
    const std::string post = request_of(call_of("http://h/a", R"({"amount":30})"));
    EXPECT_TRUE(post.starts_with("POST /a?branch_id=01&gid=gs1&op=action&trans_type=saga HTTP/1.1\r\nHost: h\r\n"));
    EXPECT_TRUE(post.ends_with("\r\nContent-Length: 13\r\n\r\n{\"amount\":30}")) << post;
}

TEST(HttpRequest, IsAPostForXaEvenWithoutABody) {
    Call call = call_of("http://h/a");
    call.trans_type = "xa";
    const std::string request = request_of(call);
    EXPECT_TRUE(request.starts_with("POST "));
    EXPECT_TRUE(request.ends_with("\r\nContent-Length: 0\r\n\r\n"));
}

TEST(HttpRequest, AppendsTheBranchToTheQuery) {
    const std::string branch = "branch_id=01&gid=gs1&op=action&trans_type=saga";
    EXPECT_EQ(target_of("http://h"), "/?" + branch);
    EXPECT_EQ(target_of("http://h?a=b"), "/?a=b&" + branch);
    EXPECT_EQ(target_of("http://h/p?"), "/p?" + branch);
    EXPECT_EQ(target_of("http://h/p?a&"), "/p?a&" + branch);
    EXPECT_EQ(target_of("http://h/p#part?x"), "/p?" + branch);
    EXPECT_EQ(target_of("http://h/a b/\xC3\xA4%20"), "/a%20b/%C3%A4%20?" + branch);
    Call call = call_of("http://h/p");
    call.gid = "g s&1=\xC3\xA4";
    EXPECT_NE(request_of(call).find("gid=g%20s%261%3D%C3%A4&"), std::string::npos);
}

TEST(HttpRequest, LeavesAPlainUrlAlone) {
    Call call = call_of("http://h/hook?a=1", "{}");
    call.plain = true;
    EXPECT_TRUE(request_of(call).starts_with("POST /hook?a=1 HTTP/1.1\r\n"));
}

TEST(HttpRequest, LetsTheLastWordOnAHeaderWin) {
    Call call = call_of("http://h/p");
    call.headers = {{"X-A", "1"}, {"content-type", "text/plain"}, {"x-a", "2"}, {"User-Agent", "me"}};
    const std::string request = request_of(call);
    EXPECT_EQ(request.find("X-A: 1"), std::string::npos);
    EXPECT_NE(request.find("\r\nx-a: 2\r\n"), std::string::npos);
    EXPECT_NE(request.find("\r\ncontent-type: text/plain\r\n"), std::string::npos);
    EXPECT_EQ(request.find("application/json\r\nAccept"), std::string::npos);
    EXPECT_EQ(request.find("User-Agent: dtmd"), std::string::npos);
}

TEST(HttpRequest, DoesNotLetHeadersDecideAboutTheMessage) {
    Call call = call_of("http://h/p", "body");
    call.headers = {
        {"Host", "evil"}, {"content-length", "0"}, {"Connection", "close"}, {"Transfer-Encoding", "chunked"}};
    const std::string request = request_of(call);
    for (const char* word : {"evil", "content-length", "Connection", "Transfer"}) {
        EXPECT_EQ(request.find(word), std::string::npos) << word;
    }
}

TEST(HttpRequest, RefusesHeadersThatBreakOut) {
    Call call = call_of("http://h/p");
    call.headers = {{"X-A", "1\r\nEvil: 2"}};
    EXPECT_EQ(request_of(call), "the branch header 'X-A' contains control characters; nothing was sent");
    call.headers = {{"X-A: 1\r\nEvil", "2"}};
    EXPECT_NE(request_of(call).find("is not one HTTP allows; nothing was sent"), std::string::npos);
    call.headers = {{"", "2"}};
    EXPECT_NE(request_of(call).find("is not one HTTP allows"), std::string::npos);
    call.headers.assign(101, {"X", "y"});
    EXPECT_NE(request_of(call).find("more than 100 branch headers"), std::string::npos);
}

TEST(HttpRequest, TurnsUserInformationIntoAuthorization) {
    const std::string request = request_of(call_of("http://me:p%40ss@h/p"));
    EXPECT_NE(request.find("\r\nHost: h\r\n"), std::string::npos);
    EXPECT_NE(request.find("\r\nAuthorization: Basic bWU6cEBzcw==\r\n"), std::string::npos) << request;
}

TEST(HttpRequest, FindsTheDestination) {
    const auto plain = parse_destination("http://h");
    ASSERT_TRUE(plain);
    EXPECT_FALSE(plain->tls);
    EXPECT_EQ(plain->host, "h");
    EXPECT_EQ(plain->port, "80");
    EXPECT_EQ(plain->origin, "http://h");
    const auto secure = parse_destination("https://[::1]:8443/p?q=http://x:y@z");
    ASSERT_TRUE(secure) << secure.error().what;
    EXPECT_TRUE(secure->tls);
    EXPECT_EQ(secure->host, "::1");
    EXPECT_EQ(secure->port, "8443");
    EXPECT_EQ(secure->authority, "[::1]:8443");
    EXPECT_EQ(secure->origin, "https://[::1]:8443");
    EXPECT_EQ(secure->target, "/p?q=http://x:y@z");
    const auto default_port = parse_destination("https://h:");
    ASSERT_TRUE(default_port);
    EXPECT_EQ(default_port->port, "443");
}

TEST(HttpRequest, SaysWhatIsWrongWithAUrl) {
    struct Row {
        std::string url, says;
    };
    const Row rows[] = {
        {"", "begin with http:// or https://"},
        {"localhost:8081/a", "begin with http:// or https://"},
        {"ftp://h/a", "begin with http:// or https://"},
        {"http://", "names no host"},
        {"http://:80/a", "names no host"},
        {"http://h:x/a", "port is not a number"},
        {"http://h:0/a", "port is not a number"},
        {"http://h:65536/a", "port is not a number"},
        {"http://h:-1/a", "port is not a number"},
        {"http://[::1/a", "has no ]"},
        {"http://[::1]80/a", "only be a port"},
        {"http://h h/a", "space"},
        {"http://h/a\r\nEvil: 1", "control characters"},
    };
    for (const Row& row : rows) {
        const auto result = parse_destination(row.url);
        ASSERT_FALSE(result) << row.url;
        EXPECT_NE(result.error().what.find(row.says), std::string::npos) << result.error().what;
    }
    EXPECT_EQ(parse_destination("http://me:secret@h:0/a?token=secret").error().what,
              "the URL 'http://h:0/a' can't be called: its port is not a number from 1 to 65535");
}

TEST(HttpRequest, WritesJsonRpc) {
    Call call = call_of("http://h/rpc?method=trans%2EIn&x=1", R"({"amount":30,"gid":"mine"})");
    call.protocol = "json-rpc";
    const std::string request = request_of(call);
    EXPECT_TRUE(request.starts_with("POST /rpc?method=trans%2EIn&x=1 HTTP/1.1\r\n"));
    const auto body = nlohmann::json::parse(body_of(request));
    EXPECT_EQ(body["jsonrpc"], "2.0");
    EXPECT_EQ(body["method"], "trans.In");
    EXPECT_TRUE(body["id"].is_string());
    const nlohmann::json params = {
        {"amount", 30}, {"branch_id", "01"}, {"gid", "gs1"}, {"op", "action"}, {"trans_type", "saga"}};
    EXPECT_EQ(body["params"], params);
}

TEST(HttpRequest, WritesPlainHttpForJsonRpcWithoutAMethod) {
    Call call = call_of("http://h/a", "[1]");
    call.protocol = "json-rpc";
    EXPECT_TRUE(request_of(call).starts_with("POST /a?branch_id=01&"));
}

TEST(HttpRequest, RefusesPayloadsThatFitNoJsonRpc) {
    Call call = call_of("http://h/rpc?method=m");
    call.protocol = "json-rpc";
    for (const char* body : {"[1]", "null", "no json", "{"}) {
        call.body = body;
        EXPECT_EQ(request_of(call), "a JSON-RPC branch needs a JSON object as its payload") << body;
    }
    call.body = R"({"a":)" + std::string(1'000'000, '[');
    EXPECT_EQ(request_of(call), "the payload's JSON is nested too deeply");
}

}  // namespace
}  // namespace dtmd::participant
