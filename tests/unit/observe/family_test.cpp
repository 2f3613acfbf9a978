#include "observe/family.h"

#include <gtest/gtest.h>

#include <thread>

namespace dtmd::observe {
namespace {

std::string label_of(const prometheus::ClientMetric& metric, std::size_t i) { return metric.label.at(i).value; }

TEST(Family, FindsTheSameMetricForTheSameLabels) {
    Family<Counter, 2> family("name", "help", {"a", "b"});
    Counter& one = family.at({"x", "y"});
    EXPECT_EQ(&family.at({"x", "y"}), &one);
    EXPECT_NE(&family.at({"y", "x"}), &one);
    EXPECT_NE(&family.at({"xy", ""}), &one);
    EXPECT_EQ(family.collect().metric.size(), 3u);
}

TEST(Family, KeepsLabelsThatItsCallerForgets) {
    Family<Counter, 1> family("name", "help", {"a"});
    {
        const std::string shortlived = "a value beyond the small string's size";
        family.at({shortlived}).add(2);
    }
    const auto collected = family.collect();
    ASSERT_EQ(collected.metric.size(), 1u);
    EXPECT_EQ(label_of(collected.metric[0], 0), "a value beyond the small string's size");
    EXPECT_EQ(collected.metric[0].counter.value, 2);
}

TEST(Family, FoldsWhatIsTooMuchIntoOther) {
    Family<Counter, 2> family("name", "help", {"a", "b"}, {}, 10);
    for (int i = 0; i < 1'000; ++i) family.at({std::to_string(i), "x"}).add();
    family.at({"3", "x"}).add();
    const auto collected = family.collect();
    ASSERT_EQ(collected.metric.size(), 11u);
    EXPECT_EQ(collected.metric[3].counter.value, 2);
    EXPECT_EQ(label_of(collected.metric[10], 0), "other");
    EXPECT_EQ(label_of(collected.metric[10], 1), "other");
    EXPECT_EQ(collected.metric[10].counter.value, 990);
}

TEST(Family, CountsFromManyThreadsWithoutLoss) {
    Family<Counter, 1> family("name", "help", {"a"}, {}, 8);
    constexpr int threads = 4, rounds = 20'000;
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) {
        running.emplace_back([&] {
            for (int i = 0; i < rounds; ++i) family.at({std::string(1, static_cast<char>('a' + i % 12))}).add();
        });
    }
    for (int i = 0; i < 50; ++i) EXPECT_LE(family.collect().metric.size(), 9u);
    for (std::thread& thread : running) thread.join();
    double sum = 0;
    for (const auto& metric : family.collect().metric) sum += metric.counter.value;
    EXPECT_EQ(sum, threads * rounds);
}

TEST(Counter, NeverGoesBack) {
    Counter counter;
    counter.raise_to(5);
    counter.raise_to(3);
    prometheus::ClientMetric metric;
    counter.collect(metric);
    EXPECT_EQ(metric.counter.value, 5);
}

TEST(Histogram, PutsAValueIntoTheFirstBucketThatHoldsIt) {
    Histogram histogram({1, 2, 5});
    for (const double value : {0.0, 1.0, 1.5, 2.0, 5.0, 5.1, 1e9}) histogram.observe(value);
    prometheus::ClientMetric metric;
    histogram.collect(metric);
    ASSERT_EQ(metric.histogram.bucket.size(), 4u);
    EXPECT_EQ(metric.histogram.bucket[0].cumulative_count, 2u);
    EXPECT_EQ(metric.histogram.bucket[1].cumulative_count, 4u);
    EXPECT_EQ(metric.histogram.bucket[2].cumulative_count, 5u);
    EXPECT_EQ(metric.histogram.bucket[3].cumulative_count, 7u);
    EXPECT_EQ(metric.histogram.sample_count, 7u);
    EXPECT_DOUBLE_EQ(metric.histogram.sample_sum, 1e9 + 14.6);
}

}  // namespace
}  // namespace dtmd::observe
