#include "base/system_random.h"

#include "dice.h"

#include <gtest/gtest.h>

namespace dtmd {
namespace {

TEST(Random, FractionStaysBelowOne) {
    EXPECT_EQ(Loaded(0).fraction(), 0.0);
    EXPECT_LT(Loaded(~0ULL).fraction(), 1.0);
    EXPECT_GT(Loaded(~0ULL).fraction(), 0.999'999);
    EXPECT_DOUBLE_EQ(Loaded(1ULL << 63).fraction(), 0.5);
}

TEST(Random, FractionIsSpreadEvenly) {
    Dice dice(3);
    constexpr int draws = 100'000;
    int below_quarter = 0;
    double sum = 0;
    for (int i = 0; i < draws; ++i) {
        const double fraction = dice.fraction();
        ASSERT_GE(fraction, 0.0);
        ASSERT_LT(fraction, 1.0);
        sum += fraction;
        below_quarter += fraction < 0.25 ? 1 : 0;
    }
    EXPECT_NEAR(sum / draws, 0.5, 0.01);
    EXPECT_NEAR(below_quarter / double(draws), 0.25, 0.01);
}

TEST(Random, TwoFromTheSystemDiffer) {
    SystemRandom one, other;
    EXPECT_NE(one.bits(), other.bits());
}

}  // namespace
}  // namespace dtmd
