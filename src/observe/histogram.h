#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/metric_type.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace dtmd::observe {

/// A histogram that threads fill without a lock (the library's own takes a mutex for each observation).
/// Thread-safe. A collection that runs beside observations may miss the latest, but its buckets and its count agree.
class Histogram {
public:
    static constexpr auto type = prometheus::MetricType::Histogram;

    /// @pre bounds ascend. A value belongs to the first bound that is not below it.
    explicit Histogram(std::vector<double> bounds);

    void observe(double value);
    void collect(prometheus::ClientMetric& into) const;

private:
    std::vector<double> bounds_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;  ///< One per bound, and one for what is above all of them.
    std::atomic<double> sum_{0};
};

}  // namespace dtmd::observe
