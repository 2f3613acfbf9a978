#include "base/wall_clock.h"

#include <gtest/gtest.h>

namespace dtmd {
namespace {

TEST(WallClock, IsTheMachinesOwnUntilToldOtherwise) {
    const WallClock clock;
    const auto before = std::chrono::floor<Millis>(std::chrono::system_clock::now());
    const Time now = clock.now();
    EXPECT_GE(now, before);
    EXPECT_LE(now, std::chrono::system_clock::now());
}

TEST(WallClock, GoesOnFromTheMomentItWasTold) {
    WallClock clock;
    const std::chrono::microseconds moment{1'000'000'000'000'000};  // In 2001.
    const auto told = WallClock::steady();
    clock.follow(moment, told);
    const Time now = clock.now();
    const auto passed = WallClock::steady() - told;
    EXPECT_GE(now.time_since_epoch(), std::chrono::floor<Millis>(moment));
    EXPECT_LE(now.time_since_epoch(), moment + passed);
}

TEST(WallClock, FollowsTheLatest) {
    WallClock clock;
    clock.follow(std::chrono::hours(24 * 365 * 40), WallClock::steady());
    clock.follow(std::chrono::hours(24 * 365 * 30), WallClock::steady());
    EXPECT_LT(clock.now().time_since_epoch(), std::chrono::hours(24 * 365 * 30 + 1));
}

}  // namespace
}  // namespace dtmd
