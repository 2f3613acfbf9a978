#include "net/asio_loop.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace dtmd::net {
namespace {

using namespace std::chrono_literals;

TEST(AsioLoop, RunsTasksInTheOrderOfPosting) {
    AsioLoop loop;
    std::vector<int> order;
    loop.post([&] { order.push_back(1); });
    loop.post([&] { order.push_back(2); });
    loop.post([&] { loop.stop(); });
    loop.run();
    EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(AsioLoop, NeverRunsATaskInsidePost) {
    AsioLoop loop;
    bool returned = false;
    loop.post([&] {
        loop.post([&] {
            EXPECT_TRUE(returned);
            loop.stop();
        });
        returned = true;
    });
    loop.run();
    EXPECT_TRUE(returned);
}

TEST(AsioLoop, WaitsForTheDelayAndNotForItsTurn) {
    AsioLoop loop;
    std::vector<int> order;
    const auto start = loop.steady();
    loop.after(30ms, [&] {
        order.push_back(30);
        EXPECT_GE(loop.steady() - start, 30ms);
        loop.stop();
    });
    loop.after(10ms, [&] { order.push_back(10); });
    loop.after(0ms, [&] { order.push_back(0); });
    loop.after(-5ms, [&] { order.push_back(-5); });
    loop.run();
    EXPECT_EQ(order, (std::vector{0, -5, 10, 30}));
}

TEST(AsioLoop, OutlivesATaskThatThrows) {
    AsioLoop loop;
    bool went_on = false;
    loop.post([] { throw std::runtime_error("a task went wrong"); });
    loop.post([] { throw 7; });
    loop.post([&] {
        went_on = true;
        loop.stop();
    });
    loop.run();
    EXPECT_TRUE(went_on);
}

TEST(AsioLoop, StopsFromAnotherThreadWhateverIsPending) {
    AsioLoop loop;
    bool ran = false;
    loop.after(std::chrono::hours(1), [&] { ran = true; });
    std::thread other([&] { loop.run(); });
    loop.stop();
    other.join();
    EXPECT_FALSE(ran);
}

TEST(AsioLoop, TakesTasksFromManyThreads) {
    AsioLoop loop;
    constexpr int threads = 4, each = 1000;
    int ran = 0;
    std::vector<std::thread> posters;
    for (int i = 0; i < threads; ++i) {
        posters.emplace_back([&] {
            for (int n = 0; n < each; ++n) {
                loop.post([&] {
                    if (++ran == threads * each) loop.stop();
                });
            }
        });
    }
    loop.run();
    for (std::thread& poster : posters) poster.join();
    EXPECT_EQ(ran, threads * each);
}

}  // namespace
}  // namespace dtmd::net
