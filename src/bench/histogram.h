#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace dtmd::bench {

/// Counts of durations from 1 us to over an hour, exact to about 1 %: buckets double in width, each is cut into 64
/// (the idea of HdrHistogram). Adding is a few instructions, and the memory is constant.
class Histogram {
public:
    void add(std::int64_t micros);
    void add(const Histogram& other);

    std::uint64_t count() const { return count_; }
    std::int64_t least() const { return count_ == 0 ? 0 : least_; }
    std::int64_t most() const { return most_; }
    double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

    /// The least duration (us, the upper edge of its bucket) that `percent` of all do not exceed. 0 if there are none.
    std::int64_t percentile(double percent) const;

    struct Point {
        std::int64_t micros;
        double percent;  ///< Of all, that were not longer.
    };
    /// The distribution, a point for each bucket that holds any.
    std::vector<Point> cumulative() const;

private:
    static constexpr int sub_bits = 6, sub_count = 1 << sub_bits, groups = 34;
    static std::size_t bucket_of(std::int64_t micros);
    static std::int64_t upper_edge(std::size_t bucket);

    std::array<std::uint64_t, static_cast<std::size_t>(groups) * sub_count> counts_{};
    std::uint64_t count_ = 0;
    double sum_ = 0;
    std::int64_t least_ = 0, most_ = 0;
};

}  // namespace dtmd::bench
