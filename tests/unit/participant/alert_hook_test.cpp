#include "participant/http/alert_hook.h"

#include "unit/participant/scripted_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

namespace dtmd::participant {
namespace {

using namespace std::chrono_literals;

/// Counts what becomes of alerts.
class Outcomes {
public:
    std::function<void(bool)> counter() {
        return [this](bool delivered) {
            const std::lock_guard lock(mutex_);
            ++(delivered ? delivered_ : lost_);
            changed_.notify_all();
        };
    }
    bool wait_for(int delivered, int lost) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 10s, [&] { return delivered_ == delivered && lost_ == lost; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int delivered_ = 0, lost_ = 0;
};

struct RunningHook {
    explicit RunningHook(std::string url, Millis timeout = 5s, std::size_t open = 4, std::size_t queued = 1000)
        : hook(make_alert_hook(loop, std::move(url), timeout, open, queued)), thread([this] { loop.run(); }) {}
    ~RunningHook() {
        loop.stop();
        thread.join();
    }
    net::AsioLoop loop;
    std::unique_ptr<AlertHook> hook;
    std::thread thread;
};

TEST(AlertHook, PostsJsonToTheUrlAsItIs) {
    std::promise<std::string> seen;
    ScriptedServer server([&](Peer& peer) {
        seen.set_value(peer.read_request());
        peer.answer(204, "");
    });
    Outcomes outcomes;
    RunningHook running(server.url("/alert?team=a"));
    running.hook->send(R"({"gid":"g1"})", outcomes.counter());
    EXPECT_TRUE(outcomes.wait_for(1, 0)) << "any 2xx is good";
    const std::string request = seen.get_future().get();
    EXPECT_TRUE(request.starts_with("POST /alert?team=a HTTP/1.1\r\n")) << request;
    EXPECT_TRUE(request.ends_with("\r\n\r\n{\"gid\":\"g1\"}"));
}

TEST(AlertHook, ReportsWhatWasNotDelivered) {
    ScriptedServer server([](Peer& peer) {
        while (true) {
            const std::string request = peer.read_request();
            if (request.empty()) return;
            if (request.ends_with("slow")) {
                peer.wait_for_close();
                return;
            }
            peer.answer(500, "");
        }
    });
    Outcomes outcomes;
    RunningHook running(server.url("/"), 80ms);
    running.hook->send("bad", outcomes.counter());
    EXPECT_TRUE(outcomes.wait_for(0, 1));
    running.hook->send("slow", outcomes.counter());
    EXPECT_TRUE(outcomes.wait_for(0, 2));
    running.hook->send("nobody listens", {});
    running.hook->send("bad", outcomes.counter());
    EXPECT_TRUE(outcomes.wait_for(0, 3));
}

TEST(AlertHook, QueuesSomeAndDropsTheRest) {
    std::promise<void> go;
    const auto gone = go.get_future().share();
    std::atomic<int> most = 0, now = 0;
    ScriptedServer server([&](Peer& peer) {
        while (!peer.read_request().empty()) {
            most = std::max<int>(most, ++now);
            gone.wait();
            --now;
            peer.answer(200, "");
        }
    });
    Outcomes outcomes;
    RunningHook running(server.url("/"), 10s, 2, 3);
    for (int i = 0; i < 10; ++i) running.hook->send("{}", outcomes.counter());
    EXPECT_TRUE(outcomes.wait_for(0, 5));
    go.set_value();
    EXPECT_TRUE(outcomes.wait_for(5, 5));
    EXPECT_LE(most, 2);
}

TEST(AlertHook, MayGoWithAlertsUnderWay) {
    ScriptedServer server([](Peer& peer) {
        peer.read_request();
        peer.wait_for_close();
    });
    Outcomes outcomes;
    RunningHook running(server.url("/"));
    for (int i = 0; i < 10; ++i) running.hook->send("{}", outcomes.counter());
    std::promise<void> gone;
    running.loop.post([&] {
        running.hook->send("{}", outcomes.counter());
        running.hook.reset();
        running.loop.post([&] { gone.set_value(); });
    });
    gone.get_future().wait();
    EXPECT_TRUE(outcomes.wait_for(0, 0));
}

}  // namespace
}  // namespace dtmd::participant
