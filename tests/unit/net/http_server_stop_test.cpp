#include "unit/net/running_server.h"

#include <gtest/gtest.h>

#include <system_error>

namespace dtmd::net {
namespace {

using namespace std::chrono_literals;

const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(HttpServerStop, LetsRequestsFinishAndClosesTheIdle) {
    Parlour parlour;
    RunningServer server(parlour.handler());
    RawClient idle = server.connect(), busy = server.connect();
    busy.send(get);
    ASSERT_TRUE(parlour.wait_for(1));
    server.begin_stop(8s);
    EXPECT_TRUE(idle.is_closed_silently());
    EXPECT_THROW(server.connect(), std::system_error);
    server.run([&] {
        for (Respond& respond : parlour.take()) respond(HttpResponse{.body = "done", .headers = {}});
    });
    const std::string answer = busy.read_to_end();
    EXPECT_EQ(body_of(answer), "done");
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(server.wait_until_stopped());
}

TEST(HttpServerStop, TakesARequestThatHasBegunToArrive) {
    RunningServer server(echo());
    RawClient client = server.connect(), other = server.connect();
    client.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
    // Served after the half request has been read: connections are accepted and read in the order of their coming.
    other.send(get);
    EXPECT_EQ(status_of(other.read_answer()), 200);
    server.begin_stop(8s);
    client.send("cd");
    EXPECT_EQ(body_of(client.read_to_end()), "POST /x abcd");
    EXPECT_TRUE(server.wait_until_stopped());
}

TEST(HttpServerStop, CutsWhatTakesTooLong) {
    Parlour parlour;
    RunningServer server(parlour.handler());
    RawClient client = server.connect();
    client.send(get);
    ASSERT_TRUE(parlour.wait_for(1));
    server.begin_stop(50ms);
    EXPECT_TRUE(server.wait_until_stopped());
    EXPECT_TRUE(client.is_closed_silently());
    server.run([&] {
        for (Respond& respond : parlour.take()) respond(HttpResponse{.body = "too late", .headers = {}});
    });
}

TEST(HttpServerStop, StopsAtOnceWhenNobodyIsThere) {
    RunningServer server(echo(), {}, 2);
    server.begin_stop(8s);
    EXPECT_TRUE(server.wait_until_stopped());
}

TEST(HttpServerStop, CanBeDestroyedWithRequestsUnanswered) {
    Parlour parlour;
    RunningServer server(parlour.handler());
    RawClient client = server.connect(), idle = server.connect();
    client.send(get);
    ASSERT_TRUE(parlour.wait_for(1));
    server.destroy_server();
    EXPECT_TRUE(client.is_closed_silently());
    EXPECT_TRUE(idle.is_closed_silently());
    server.run([&] {
        for (Respond& respond : parlour.take()) respond(HttpResponse{.body = "nobody listens", .headers = {}});
    });
}

// The order of a process that ends: the loops stop, then the server goes, then who was to answer, then the loops.
TEST(HttpServerStop, CanBeDestroyedAfterItsLoopsHaveStopped) {
    for (const bool drop_answers_last : {false, true}) {
        Parlour parlour;
        std::vector<Respond> unanswered;
        RawClient* client = nullptr;
        std::optional<RawClient> storage;
        {
            AsioLoop loop;
            AsioLoop* const loops[] = {&loop};
            auto server = listen_http(loops, {.host = "127.0.0.1", .port = 0}, parlour.handler());
            ASSERT_TRUE(server);
            const std::uint16_t port = (*server)->port();
            std::thread thread([&] { loop.run(); });
            client = &storage.emplace(port);
            client->send(get);
            ASSERT_TRUE(parlour.wait_for(1));
            loop.stop();
            thread.join();
            if (!drop_answers_last) parlour.take();
            server->reset();
            parlour.take();
        }
        EXPECT_TRUE(client->is_closed_silently());
    }
}

TEST(HttpServerStop, IsDestroyedBeforeItEverServed) {
    AsioLoop loop;
    AsioLoop* const loops[] = {&loop};
    auto server = listen_http(loops, {.host = "127.0.0.1", .port = 0}, echo());
    ASSERT_TRUE(server);
    EXPECT_NE((*server)->port(), 0);
}

}  // namespace
}  // namespace dtmd::net
