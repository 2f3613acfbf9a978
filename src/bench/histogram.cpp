#include "bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace dtmd::bench {

// Values below 2 * sub_count have a bucket each; above, each power of two is cut into sub_count.
std::size_t Histogram::bucket_of(std::int64_t micros) {
    const auto value = static_cast<std::uint64_t>(micros);
    const int width = std::bit_width(value);
    if (width <= sub_bits + 1) return static_cast<std::size_t>(value);
    const int shift = width - sub_bits - 1;
    const std::size_t bucket = static_cast<std::size_t>(shift) * sub_count + static_cast<std::size_t>(value >> shift);
    return std::min(bucket, static_cast<std::size_t>(groups) * sub_count - 1);
}

std::int64_t Histogram::upper_edge(std::size_t bucket) {
    if (bucket < 2 * sub_count) return static_cast<std::int64_t>(bucket);
    const std::size_t shift = bucket / sub_count - 1;
    const std::uint64_t top = bucket - shift * sub_count;
    return static_cast<std::int64_t>(((top + 1) << shift) - 1);
}

void Histogram::add(std::int64_t micros) {
    micros = std::max<std::int64_t>(micros, 0);
    ++counts_[bucket_of(micros)];
    least_ = count_ == 0 ? micros : std::min(least_, micros);
    most_ = std::max(most_, micros);
    sum_ += static_cast<double>(micros);
    ++count_;
}

void Histogram::add(const Histogram& other) {
    if (other.count_ == 0) return;
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    least_ = count_ == 0 ? other.least_ : std::min(least_, other.least_);
    most_ = std::max(most_, other.most_);
    sum_ += other.sum_;
    count_ += other.count_;
}

std::int64_t Histogram::percentile(double percent) const {
    if (count_ == 0) return 0;
    const auto wanted = static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen >= std::max<std::uint64_t>(wanted, 1)) return std::min(upper_edge(i), most_);
    }
    return most_;
}

std::vector<Histogram::Point> Histogram::cumulative() const {
    std::vector<Point> points;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] == 0) continue;
        seen += counts_[i];
        points.push_back(
            {std::min(upper_edge(i), most_), 100.0 * static_cast<double>(seen) / static_cast<double>(count_)});
    }
    return points;
}

}  // namespace dtmd::bench
