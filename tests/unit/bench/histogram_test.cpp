#include "bench/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace dtmd::bench {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.percentile(50), 0);
    EXPECT_EQ(histogram.mean(), 0);
    EXPECT_TRUE(histogram.cumulative().empty());
}

TEST(Histogram, IsExactForShortTimes) {
    Histogram histogram;
    for (int i = 1; i <= 100; ++i) histogram.add(i);
    for (const int percent : {1, 50, 99, 100}) EXPECT_EQ(histogram.percentile(percent), percent);
    EXPECT_EQ(histogram.least(), 1);
    EXPECT_EQ(histogram.most(), 100);
    EXPECT_EQ(histogram.mean(), 50.5);
}

TEST(Histogram, IsWithinTwoPercentOfWhatSortingSays) {
    std::mt19937_64 random(1);
    std::lognormal_distribution<> times(8, 2);
    Histogram histogram;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 20'000; ++i) {
        all.push_back(static_cast<std::int64_t>(times(random)) + 1);
        histogram.add(all.back());
    }
    std::ranges::sort(all);
    for (const double percent : {1.0, 25.0, 50.0, 90.0, 99.0, 99.9}) {
        const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * double(all.size()))) - 1;
        EXPECT_GE(histogram.percentile(percent), all[rank]) << percent;
        EXPECT_LE(double(histogram.percentile(percent)), double(all[rank]) * 1.02 + 1) << percent;
    }
    EXPECT_EQ(histogram.percentile(100), all.back());
}

TEST(Histogram, TakesTheLongestAndTheImpossible) {
    Histogram histogram;
    histogram.add(-5);
    histogram.add(INT64_MAX);
    EXPECT_EQ(histogram.least(), 0);
    EXPECT_EQ(histogram.most(), INT64_MAX);
    EXPECT_EQ(histogram.percentile(50), 0);
    EXPECT_EQ(histogram.count(), 2U);
}

TEST(Histogram, AddsUp) {
    Histogram one, two, both;
    for (int i = 1; i < 5'000; i += 3) {
        one.add(i);
        two.add(i * 100);
        both.add(i);
        both.add(i * 100);
    }
    one.add(two);
    EXPECT_EQ(one.count(), both.count());
    EXPECT_EQ(one.most(), both.most());
    for (const double percent : {10.0, 50.0, 99.0}) EXPECT_EQ(one.percentile(percent), both.percentile(percent));
    EXPECT_EQ(one.cumulative().back().percent, 100);
}

}  // namespace
}  // namespace dtmd::bench
