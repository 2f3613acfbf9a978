#include "observe/histogram.h"

#include <algorithm>
#include <limits>

namespace dtmd::observe {

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {}

void Histogram::observe(double value) {
    const auto bound = std::ranges::lower_bound(bounds_, value);
    counts_[static_cast<std::size_t>(bound - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

void Histogram::collect(prometheus::ClientMetric& into) const {
    prometheus::ClientMetric::Histogram& result = into.histogram;
    result = {};
    for (std::size_t i = 0; i <= bounds_.size(); ++i) {
        result.sample_count += counts_[i].load(std::memory_order_relaxed);
        const double bound = i < bounds_.size() ? bounds_[i] : std::numeric_limits<double>::infinity();
        result.bucket.push_back({.cumulative_count = result.sample_count, .upper_bound = bound});
    }
    result.sample_sum = sum_.load(std::memory_order_relaxed);
}

}  // namespace dtmd::observe
