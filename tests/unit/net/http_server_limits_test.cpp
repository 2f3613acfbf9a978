#include "unit/net/running_server.h"

#include <gtest/gtest.h>

namespace dtmd::net {
namespace {

using namespace std::chrono_literals;

HttpServerOptions tight() {
    HttpServerOptions options;
    options.max_body = 1000;
    options.max_header = 2000;
    options.header_timeout = 50ms;
    options.body_timeout = 50ms;
    options.write_timeout = 300ms;
    return options;
}

struct Row {
    const char* rule;
    std::string request;
    int status;
    std::string says;
};

const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

std::string many_headers(int count) {
    std::string headers = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < count; ++i) headers += "a:\r\n";
    return headers + "\r\n";
}

const Row refusals[] = {
    {"a body that is announced too large", post + "Content-Length: 1001\r\n\r\n", 413, "larger than 1000 bytes"},
    {"even if it asks first", post + "Expect: 100-continue\r\nContent-Length: 9999999999\r\n\r\n", 413, "larger"},
    {"a body that turns out too large", post + "Transfer-Encoding: chunked\r\n\r\n400\r\n" + std::string(1024, 'x'),
     413, "larger than 1000 bytes"},
    {"headers without end", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(3000, 'x'), 431, "larger than 2000 bytes"},
    {"a request line without end", "GET /" + std::string(3000, 'x'), 431, "larger than 2000 bytes"},
    {"too many header lines", many_headers(300), 431, "more than 200 header lines"},
    {"no HTTP at all", "\x16\x03\x01\x02\r\n\r\n", 400, "not valid HTTP"},
    {"a broken request line", "GET\r\n\r\n", 400, "not valid HTTP"},
    {"a broken header", "GET / HTTP/1.1\r\nHost h\r\n\r\n", 400, "not valid HTTP"},
    {"a bad length", post + "Content-Length: -1\r\n\r\n", 400, "not valid HTTP"},
    {"two lengths", post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, "not valid HTTP"},
    {"a bad chunk", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "not valid HTTP"},
    {"a length and chunks", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, ""},
    {"chunks and a length", post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400, ""},
    {"an unknown encoding", post + "Transfer-Encoding: gzip\r\n\r\n", 501, "chunked"},
    {"chunked, and then some", post + "Transfer-Encoding: chunked, gzip\r\n\r\n", 501, "chunked"},
    {"no host", "GET / HTTP/1.1\r\n\r\n", 400, "no Host header"},
    {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "more than one Host"},
    {"HTTP/2 out of the blue", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.0 and HTTP/1.1"},
    {"an unknown version", "GET / HTTP/1.7\r\nHost: h\r\n\r\n", 505, "HTTP/1.0 and HTTP/1.1"},
};

TEST(HttpServerLimits, RefusesWithAReasonAndCloses) {
    RunningServer server([](HttpRequest, Loop&, Respond) { ADD_FAILURE() << "reached the handler"; }, tight());
    for (const Row& row : refusals) {
        SCOPED_TRACE(row.rule);
        RawClient client = server.connect();
        client.send(row.request);
        const std::string answer = client.read_to_end();
        EXPECT_EQ(status_of(answer), row.status) << answer;
        EXPECT_TRUE(body_of(answer).starts_with(R"({"message":")")) << answer;
        EXPECT_NE(answer.find(row.says), std::string::npos) << answer;
        EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
    }
}

TEST(HttpServerLimits, TakesWhatIsJustSmallEnough) {
    RunningServer server(echo(), tight());
    RawClient client = server.connect();
    client.send(post + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
    EXPECT_EQ(status_of(client.read_answer()), 200);
    client.send(many_headers(199));
    EXPECT_EQ(status_of(client.read_answer()), 200);
}

// The answer must survive what the client is still sending: it reads it only afterwards.
TEST(HttpServerLimits, IsHeardByAClientThatIsStillSending) {
    RunningServer server(echo(), tight());
    RawClient client = server.connect();
    client.send(post + "Content-Length: 3000000\r\n\r\n");
    client.try_send(std::string(3'000'000, 'x'));
    EXPECT_EQ(status_of(client.read_answer()), 413);
}

TEST(HttpServerLimits, TellsSlowClientsThatTheyAreTooSlow) {
    RunningServer server(echo(), tight());
    RawClient headers = server.connect(), body = server.connect(), chunks = server.connect();
    headers.send("GET / HT");
    body.send(post + "Content-Length: 10\r\n\r\nabc");
    chunks.send(post + "Transfer-Encoding: chunked\r\n\r\n5\r\nab");
    const std::string late_headers = headers.read_to_end();
    EXPECT_EQ(status_of(late_headers), 408);
    EXPECT_EQ(body_of(late_headers), R"({"message":"the request's headers did not arrive in time"})");
    EXPECT_EQ(body_of(body.read_to_end()), R"({"message":"the request's body did not arrive in time"})");
    EXPECT_EQ(status_of(chunks.read_to_end()), 408);
}

TEST(HttpServerLimits, CountsTheTimeOfARequestFromItsFirstByte) {
    HttpServerOptions options = tight();
    options.header_timeout = 400ms;
    RunningServer server(echo(), options);
    RawClient client = server.connect();
    std::string answer;
    const auto start = std::chrono::steady_clock::now();
    // A byte now and then does not help.
    while (client.try_send("G") && std::chrono::steady_clock::now() - start < 5s) {
        std::this_thread::sleep_for(20ms);
        if (std::chrono::steady_clock::now() - start > 900ms) break;
    }
    EXPECT_EQ(status_of(client.read_answer()), 408);
}

TEST(HttpServerLimits, ClosesIdleConnectionsWithoutAWord) {
    HttpServerOptions options;
    options.idle_timeout = 50ms;
    RunningServer server(echo(), options);
    RawClient fresh = server.connect(), used = server.connect();
    used.send(get);
    EXPECT_EQ(status_of(used.read_answer()), 200);
    EXPECT_TRUE(fresh.is_closed_silently());
    EXPECT_TRUE(used.is_closed_silently());
}

TEST(HttpServerLimits, DoesNotHurryTheHandler) {
    HttpServerOptions options = tight();
    options.idle_timeout = 50ms;
    RunningServer server(
        [](HttpRequest, Loop& home, Respond respond) {
            home.after(800ms, [respond = std::move(respond)]() mutable {
                respond(HttpResponse{.body = "late", .headers = {}});
            });
        },
        options);
    RawClient client = server.connect();
    client.send(get);
    EXPECT_EQ(body_of(client.read_answer()), "late");
}

TEST(HttpServerLimits, GivesUpOnClientsThatDoNotTakeTheirAnswer) {
    RunningServer server(
        [](HttpRequest, Loop&, Respond respond) {
            respond(HttpResponse{.body = std::string(64 << 20, 'x'), .headers = {}});
        },
        tight());
    RawClient client = server.connect();
    client.send(get);
    // The server stops only when its last connection is gone, which here only the write limit can bring about.
    server.begin_stop(8s);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(server.wait_until_stopped());
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(HttpServerLimits, TurnsSurplusConnectionsAway) {
    HttpServerOptions options;
    options.max_connections = 2;
    RunningServer server(echo(), options);
    RawClient first = server.connect(), second = server.connect();
    for (RawClient* client : {&first, &second}) {
        client->send(get);
        EXPECT_EQ(status_of(client->read_answer()), 200);
    }
    RawClient third = server.connect();
    third.send(get);
    const std::string answer = third.read_to_end();
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_NE(answer.find("too many connections"), std::string::npos);
    third.close();
    first.close();
    // There is room again as soon as the server has noticed.
    int status = 0;
    for (int i = 0; i < 500 && status != 200; ++i) {
        RawClient next = server.connect();
        next.send(get);
        status = status_of(next.read_answer());
        if (status != 200) std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(status, 200);
}

}  // namespace
}  // namespace dtmd::net
