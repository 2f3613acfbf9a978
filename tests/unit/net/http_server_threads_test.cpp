#include "unit/net/running_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

namespace dtmd::net {
namespace {

using namespace std::chrono_literals;

// Each client checks that it gets its own answers; some answers come at once, some later, some connections are cut.
void hammer(std::uint16_t port, int id, std::atomic<int>& right) {
    for (int round = 0; round < 10; ++round) {
        RawClient client(port);
        for (int i = 0; i < 20; ++i) {
            const std::string body = std::to_string(id) + "-" + std::to_string(round) + "-" + std::to_string(i);
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                        body);
            if (i == 19 && round % 2 == 0) break;
            if (body_of(client.read_answer()) == body) ++right;
        }
    }
}

TEST(HttpServerThreads, KeepTheirConnectionsApart) {
    std::mutex mutex;
    std::set<std::pair<Loop*, std::thread::id>> homes;
    RunningServer server(
        [&](HttpRequest request, Loop& home, Respond respond) {
            {
                const std::lock_guard lock(mutex);
                homes.emplace(&home, std::this_thread::get_id());
            }
            HttpResponse response;
            response.body = std::move(request.body());
            if (response.body.back() % 3 != 0) return respond(std::move(response));
            home.after(1ms, [response = std::move(response), respond = std::move(respond)]() mutable {
                respond(std::move(response));
            });
        },
        {}, 2);
    std::atomic<int> right = 0;
    std::vector<std::thread> clients;
    for (int id = 0; id < 6; ++id) clients.emplace_back([&, id] { hammer(server.port(), id, right); });
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(right, 6 * (10 * 20 - 5));
    EXPECT_EQ(homes.size(), 2u) << "each loop is served by one thread, and both have work";
}

TEST(HttpServerThreads, StopUnderFire) {
    RunningServer server(
        [](HttpRequest, Loop& home, Respond respond) {
            home.after(
                1ms, [respond = std::move(respond)]() mutable { respond(HttpResponse{.body = "ok", .headers = {}}); });
        },
        {}, 2);
    std::atomic<int> served = 0, wrong = 0;
    const auto client = [&] {
        while (true) {
            try {
                RawClient connection(server.port());
                for (int i = 0; i < 50; ++i) {
                    connection.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
                    const std::string answer = connection.read_answer();
                    ++(body_of(answer) == "ok" ? served : wrong);
                    if (answer.find("Connection: close") != std::string::npos) break;
                }
            } catch (const std::system_error& refused) {
                if (refused.code() == std::errc::connection_refused) return;
            } catch (const std::runtime_error&) {
                // Closed between two requests: what an idle connection has to expect.
            }
        }
    };
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) clients.emplace_back(client);
    while (served < 200) std::this_thread::yield();
    server.begin_stop(8s);
    EXPECT_TRUE(server.wait_until_stopped());
    for (std::thread& thread : clients) thread.join();
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace dtmd::net
