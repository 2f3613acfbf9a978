#include "net/http_server.h"
#include "net/http_wire.h"
#include "unit/net/running_server.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dtmd::net {
namespace {

using namespace std::chrono_literals;

const std::string get = "GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(HttpServer, AnswersAndKeepsTheConnection) {
    RunningServer server(echo());
    RawClient client = server.connect();
    for (int i = 0; i < 3; ++i) {
        client.send(get);
        const std::string answer = client.read_answer();
        EXPECT_EQ(status_of(answer), 200);
        EXPECT_EQ(body_of(answer), "GET /a?x=1 ");
        EXPECT_NE(answer.find("Content-Type: application/json; charset=utf-8\r\n"), std::string::npos);
        EXPECT_NE(answer.find("\r\nDate: "), std::string::npos);
    }
}

TEST(HttpServer, TakesARequestInSingleBytes) {
    RunningServer server(echo());
    RawClient client = server.connect();
    for (const char c : std::string("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"))
        client.send({&c, 1});
    EXPECT_EQ(body_of(client.read_answer()), "POST /p hello");
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
    // Every other one is answered late, so order is not a matter of luck.
    RunningServer server([](HttpRequest request, Loop& home, Respond respond) {
        HttpResponse response;
        response.body = std::string(request.target());
        if (request.target().back() % 2 == 0) return respond(std::move(response));
        home.after(2ms, [response = std::move(response), respond = std::move(respond)]() mutable {
            respond(std::move(response));
        });
    });
    RawClient client = server.connect();
    std::string bytes;
    for (int i = 0; i < 100; ++i) bytes += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
    client.send(bytes);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(body_of(client.read_answer()), "/" + std::to_string(i));
}

TEST(HttpServer, TakesChunkedBodies) {
    RunningServer server(echo());
    RawClient client = server.connect();
    client.send("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\n");
    client.send("de\r\n0\r\nTrailer: x\r\n\r\n" + get);
    EXPECT_EQ(body_of(client.read_answer()), "POST /c abcde");
    EXPECT_EQ(body_of(client.read_answer()), "GET /a?x=1 ");
}

TEST(HttpServer, TakesABodyOfMegabytes) {
    RunningServer server([](HttpRequest request, Loop&, Respond respond) {
        HttpResponse response;
        response.body = std::move(request.body());
        respond(std::move(response));
    });
    RawClient client = server.connect();
    std::string body(5'000'000, 'x');
    for (std::size_t i = 0; i < body.size(); i += 1000) body[i] = static_cast<char>('a' + i / 1000 % 26);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_TRUE(body_of(client.read_answer()) == body);
    client.send(get);
    EXPECT_EQ(status_of(client.read_answer()), 200);
}

TEST(HttpServer, AllowsABodyThatWaitsForPermission) {
    RunningServer server(echo());
    RawClient client = server.connect();
    client.send("POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client.read_answer(true), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    EXPECT_EQ(body_of(client.read_answer()), "POST /e ok");
    client.send("POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nat");
    EXPECT_EQ(body_of(client.read_answer()), "POST /e at") << "no permission was needed";
}

TEST(HttpServer, AnswersHeadWithoutABody) {
    RunningServer server(echo());
    RawClient client = server.connect();
    client.send("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n" + get);
    const std::string answer = client.read_answer(true);
    EXPECT_NE(answer.find("Content-Length: 8\r\n"), std::string::npos) << answer;
    EXPECT_EQ(body_of(client.read_answer()), "GET /a?x=1 ");
}

TEST(HttpServer, SpeaksHttp10) {
    RunningServer server(echo());
    RawClient client = server.connect();
    client.send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_NE(client.read_answer().find("Connection: keep-alive\r\n"), std::string::npos);
    client.send("GET /old HTTP/1.0\r\n\r\n");
    const std::string answer = client.read_to_end();
    EXPECT_EQ(body_of(answer), "GET /old ");
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
}

TEST(HttpServer, ClosesWhenAskedTo) {
    RunningServer server(echo());
    RawClient client = server.connect();
    client.send("GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get);
    EXPECT_EQ(body_of(client.read_to_end()), "GET /last ");
}

TEST(HttpServer, AnswersForAHandlerThatThrows) {
    RunningServer server([](HttpRequest, Loop&, Respond) { throw std::runtime_error("a secret"); });
    RawClient client = server.connect();
    client.send(get);
    const std::string answer = client.read_answer();
    EXPECT_EQ(status_of(answer), 500);
    EXPECT_EQ(body_of(answer), R"({"message":"internal error"})");
    client.send(get);
    EXPECT_EQ(status_of(client.read_answer()), 500) << "the connection goes on";
}

TEST(HttpServer, AnswersForAHandlerThatForgets) {
    RunningServer server(
        [](HttpRequest, Loop& home, Respond respond) { home.after(5ms, [dropped = std::move(respond)] {}); });
    RawClient client = server.connect();
    client.send(get);
    EXPECT_EQ(body_of(client.read_answer()), R"({"message":"internal error"})");
}

TEST(HttpServer, CountsOnlyTheFirstAnswer) {
    RunningServer server([](HttpRequest, Loop&, Respond respond) {
        respond(message_response(200, "first"));
        respond(message_response(200, "second"));
    });
    RawClient client = server.connect();
    client.send(get + get);
    EXPECT_EQ(body_of(client.read_answer()), R"({"message":"first"})");
    EXPECT_EQ(body_of(client.read_answer()), R"({"message":"first"})");
}

TEST(HttpServer, StaysCalmWhenTheClientLeavesBeforeTheAnswer) {
    Parlour parlour;
    RunningServer server(parlour.handler());
    RawClient client = server.connect();
    client.send(get);
    ASSERT_TRUE(parlour.wait_for(1));
    client.close();
    server.run([&] {
        for (Respond& respond : parlour.take()) respond(HttpResponse{.body = std::string(1 << 20, 'x'), .headers = {}});
    });
    RawClient next = server.connect();
    next.send(get);
    ASSERT_TRUE(parlour.wait_for(2));
    server.run([&] {
        for (Respond& respond : parlour.take()) respond(HttpResponse{.body = "ok", .headers = {}});
    });
    EXPECT_EQ(body_of(next.read_answer()), "ok");
}

// Answering must not run the connection's next request in the middle of the one who answers.
TEST(HttpServer, SendsAfterTheAnswerHasBeenGiven) {
    std::vector<Respond> waiting;
    bool answering = false, nested = false;
    RunningServer server([&](HttpRequest request, Loop&, Respond respond) {
        nested = nested || answering;
        if (request.target() == "/2") return respond(HttpResponse{.body = "2", .headers = {}});
        waiting.push_back(std::move(respond));
    });
    RawClient client = server.connect();
    client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    bool answered = false;
    while (!answered) {
        server.run([&] {
            if (waiting.empty()) return;
            answering = true;
            waiting.front()(HttpResponse{.body = "1", .headers = {}});
            answering = false;
            answered = true;
        });
    }
    EXPECT_EQ(body_of(client.read_answer()), "1");
    EXPECT_EQ(body_of(client.read_answer()), "2");
    server.run([&] {
        EXPECT_FALSE(nested);
        waiting.clear();
    });
}

TEST(HttpServer, SaysWhyItCannotListen) {
    RunningServer server(echo());
    AsioLoop loop;
    AsioLoop* const loops[] = {&loop};
    const auto listen = [&](std::string host, std::uint16_t port) {
        auto result = listen_http(loops, {.host = std::move(host), .port = port}, echo());
        return result ? std::string("listens") : result.error().what;
    };
    const std::string port = std::to_string(server.port());
    EXPECT_EQ(listen("127.0.0.1", server.port()), "cannot listen on 127.0.0.1:" + port +
                                                      ": address already in use; another process has this port: "
                                                      "stop it or set HttpPort");
    EXPECT_EQ(listen("203.0.113.1", 20001),
              "cannot listen on 203.0.113.1:20001: cannot assign requested address; "
              "this machine has no such address: check Host");
    EXPECT_NE(listen("no such name", 0).find("check Host"), std::string::npos);
    EXPECT_EQ(listen("localhost", 0), "listens");
    EXPECT_EQ(listen("", 0), "listens");
}

}  // namespace
}  // namespace dtmd::net
