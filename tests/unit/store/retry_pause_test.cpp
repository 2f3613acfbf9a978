#include "store/retry_pause.h"

#include <gtest/gtest.h>

namespace dtmd::store {
namespace {

using namespace std::chrono_literals;

const RetryPause::Clock::time_point start{1h};

// How long the pause lasts that begins at `start`, to the millisecond.
std::chrono::milliseconds length(const RetryPause& pause) {
    auto passed = 0ms;
    while (pause.lasts(start + passed)) passed += 1ms;
    return passed;
}

TEST(RetryPause, DoesNotLastBeforeAnyFailure) { EXPECT_FALSE(RetryPause().lasts(start)); }

TEST(RetryPause, GrowsFromFailureToFailureUpToASecond) {
    RetryPause pause;
    for (const auto expected : {50ms, 100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
        pause.failed(start, start);
        EXPECT_EQ(length(pause), expected);
    }
}

TEST(RetryPause, IsNotShorterThanTheAttemptThatFailed) {
    RetryPause pause;
    pause.failed(start - 3s, start);
    EXPECT_EQ(length(pause), 3s);
    pause.failed(start - 1ms, start);
    EXPECT_EQ(length(pause), 100ms) << "which says nothing of the next one";
}

TEST(RetryPause, BeginsAnewAfterASuccess) {
    RetryPause pause;
    for (int i = 0; i < 5; ++i) pause.failed(start - 3s, start);
    pause.succeeded();
    EXPECT_FALSE(pause.lasts(start));
    pause.failed(start, start);
    EXPECT_EQ(length(pause), 50ms);
}

}  // namespace
}  // namespace dtmd::store
