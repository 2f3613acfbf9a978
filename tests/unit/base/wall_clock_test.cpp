#include "base/wall_clock.h"

#include <gtest/gtest.h>

namespace dtmd {
namespace {

using namespace std::chrono_literals;
using Micros = ForwardClock::Micros;

constexpr Micros noon{1'800'000'000'000'000};

TEST(ForwardClock, IsTheOtherWhileThatGoesOn) {
    ForwardClock clock;
    for (Micros passed = 0us; passed < 10s; passed += 700us) {
        ASSERT_EQ(clock.at(noon + passed, 5s + passed), noon + passed);
    }
}

TEST(ForwardClock, FollowsAJumpAhead) {
    ForwardClock clock;
    EXPECT_EQ(clock.at(noon, 5s), noon);
    EXPECT_EQ(clock.at(noon + 6h, 6s), noon + 6h);
    EXPECT_EQ(clock.at(noon + 6h + 1s, 7s), noon + 6h + 1s);
}

TEST(ForwardClock, RunsOnWhenTheOtherIsSetBackAndLetsItCatchUp) {
    ForwardClock clock;
    EXPECT_EQ(clock.at(noon, 0s), noon);
    Micros last = noon;
    for (Micros passed = 1s; passed < 15h; passed += 1s) {
        const Micros now = clock.at(noon - 1h + passed, passed);
        ASSERT_GE(now, last) << "it went back";
        ASSERT_GE(now - last, 937'499us) << "it nearly stands still";
        ASSERT_LE(now - last, 1s) << "it jumped";
        last = now;
    }
    EXPECT_GT(last, noon + 14h) << "it lost too much";
    for (Micros passed = 16h; passed < 17h; passed += 1s) {
        ASSERT_EQ(clock.at(noon - 1h + passed, passed), noon - 1h + passed) << "they should have met";
    }
}

TEST(ForwardClock, DoesNotBeginBeforeWhatWasSeenAlready) {
    ForwardClock clock;
    clock.not_before(noon + 1h, 0s);
    EXPECT_EQ(clock.at(noon, 0s), noon + 1h);
    EXPECT_EQ(clock.at(noon + 16s, 16s), noon + 1h + 15s);
    EXPECT_EQ(clock.at(noon + 2h, 17s), noon + 2h);
    clock.not_before(noon, 18s);
    EXPECT_EQ(clock.at(noon + 2h + 1s, 18s), noon + 2h + 1s);
}

TEST(WallClock, IsTheMachinesOwnUntilToldOtherwise) {
    const WallClock clock;
    const auto before = std::chrono::floor<Millis>(std::chrono::system_clock::now());
    const Time now = clock.now();
    EXPECT_GE(now, before);
    EXPECT_LE(now, std::chrono::system_clock::now());
}

TEST(WallClock, IsNotBeforeWhatItsStoreHasSeen) {
    WallClock clock;
    EXPECT_EQ(clock.not_before(clock.now() - 1h), Millis{0});
    EXPECT_LE(clock.now(), std::chrono::system_clock::now());
    const Time seen = clock.now() + 1h;
    const Millis behind = clock.not_before(seen);
    EXPECT_GT(behind, 59min);
    EXPECT_LE(behind, 1h);
    EXPECT_GE(clock.now(), seen);
    EXPECT_LT(clock.now(), seen + 1h);
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
