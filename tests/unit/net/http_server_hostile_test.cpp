#include "unit/net/running_server.h"

#include <gtest/gtest.h>

// Clients that are unusual or up to no good, but not simply wrong: for those see http_server_limits_test.cpp.
namespace dtmd::net {
namespace {

using namespace std::chrono_literals;

const std::string get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string chunked = "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

HttpServerOptions tight() {
    HttpServerOptions options;
    options.max_header = 2000;
    return options;
}

// What is neither header nor body must not pile up without bounds.
TEST(HttpServerHostile, KeepsNoEndlessChunkExtension) {
    RunningServer server(echo(), tight());
    RawClient client = server.connect();
    client.send(chunked + "1;x=");
    client.try_send(std::string(1'000'000, 'x'));
    const std::string answer = client.read_answer();
    EXPECT_EQ(status_of(answer), 431) << answer;
    EXPECT_NE(answer.find("chunk"), std::string::npos) << answer;
}

TEST(HttpServerHostile, KeepsNoEndlessTrailer) {
    RunningServer server(echo(), tight());
    RawClient client = server.connect();
    client.send(chunked + "1\r\nx\r\n0\r\n");
    for (int i = 0; i < 1000 && client.try_send("X-" + std::to_string(i) + ": " + std::string(1000, 'x') + "\r\n"); ++i)
        continue;
    EXPECT_EQ(status_of(client.read_answer()), 431);
}

TEST(HttpServerHostile, TakesManySmallChunks) {
    RunningServer server(echo(), tight());
    RawClient client = server.connect();
    std::string bytes = chunked;
    for (int i = 0; i < 20'000; ++i) bytes += "1\r\nx\r\n";
    client.send(bytes + "0\r\n\r\n" + get);
    EXPECT_EQ(body_of(client.read_answer()), "POST /c " + std::string(20'000, 'x'));
    EXPECT_EQ(body_of(client.read_answer()), "GET /a ");
}

TEST(HttpServerHostile, IgnoresEmptyLinesBetweenRequests) {
    RunningServer server(echo());
    RawClient client = server.connect();
    client.send("\r\n" + get);
    EXPECT_EQ(body_of(client.read_answer()), "GET /a ");
    client.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx\r\n" + get);
    EXPECT_EQ(body_of(client.read_answer()), "POST /p x");
    EXPECT_EQ(body_of(client.read_answer()), "GET /a ");
}

TEST(HttpServerHostile, IsNotKeptAwakeByEmptyLines) {
    HttpServerOptions options;
    options.idle_timeout = 300ms;
    RunningServer server(echo(), options);
    RawClient client = server.connect();
    const auto start = std::chrono::steady_clock::now();
    while (client.try_send("\r\n") && std::chrono::steady_clock::now() - start < 8s) std::this_thread::sleep_for(10ms);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(HttpServerHostile, UnderstandsTargetsAsProxiesAreGivenThem) {
    RunningServer server(echo());
    RawClient client = server.connect();
    const std::pair<const char*, const char*> targets[] = {{"http://h:1/p?a=http://x/y", "/p?a=http://x/y"},
                                                           {"HTTP://h", "/"},
                                                           {"https://h?a=b", "/?a=b"},
                                                           {"/p?a=http://x/y", "/p?a=http://x/y"},
                                                           {"*", "*"}};
    for (const auto& [sent, seen] : targets) {
        client.send("GET " + std::string(sent) + " HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_EQ(body_of(client.read_answer()), "GET " + std::string(seen) + " ");
    }
}

TEST(HttpServerHostile, DoesNotUpgrade) {
    RunningServer server(echo());
    RawClient client = server.connect();
    client.send(
        "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
        "\r\n" +
        get);
    EXPECT_EQ(body_of(client.read_answer()), "GET /ws ");
    EXPECT_EQ(body_of(client.read_answer()), "GET /a ");
}

TEST(HttpServerHostile, AnswersWhoSendsNoMore) {
    Parlour parlour;
    RunningServer server(parlour.handler());
    RawClient client = server.connect();
    client.send(get);
    client.end_sending();
    ASSERT_TRUE(parlour.wait_for(1));
    server.run([&] {
        for (Respond& respond : parlour.take()) respond(HttpResponse{.body = "heard", .headers = {}});
    });
    EXPECT_EQ(body_of(client.read_to_end()), "heard");
}

TEST(HttpServerHostile, OutlivesConnectionsThatAreResetAtAnyPoint) {
    RunningServer server(echo(), tight());
    const std::string request = chunked + "3\r\nabc\r\n0\r\n\r\n";
    for (std::size_t length = 0; length <= request.size(); ++length) {
        RawClient client = server.connect();
        client.send(request.substr(0, length));
        client.reset();
    }
    server.begin_stop(8s);
    EXPECT_TRUE(server.wait_until_stopped());
}

// What the client has sent on top must not cost it the answer it waits for.
TEST(HttpServerHostile, AnswersAPipelinedClientWhenItStops) {
    Parlour parlour;
    RunningServer server(parlour.handler());
    RawClient client = server.connect(), other = server.connect();
    client.send(get);
    ASSERT_TRUE(parlour.wait_for(1));
    client.send(get);
    server.begin_stop(8s);
    server.run([&] {
        for (Respond& respond : parlour.take()) respond(HttpResponse{.body = "done", .headers = {}});
    });
    EXPECT_EQ(body_of(client.read_to_end()), "done");
    client.close();
    EXPECT_TRUE(server.wait_until_stopped());
}

}  // namespace
}  // namespace dtmd::net
