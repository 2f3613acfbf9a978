#pragma once

#include "bench/ledger.h"
#include "bench/options.h"
#include "bench/process_usage.h"

#include <optional>
#include <string>
#include <vector>

namespace dtmd::bench {

/// All that a run has shown.
struct Report {
    Options options;
    std::string server_version;
    double seconds = 0;  ///< That were measured.
    Totals totals;
    std::vector<Second> by_second;
    std::optional<ProcessUsage> before, after;  ///< The coordinator's, if its pid was given.
    std::vector<std::string> complaints;        ///< What went wrong; empty: every transaction had exactly its effects.

    double per_second() const { return static_cast<double>(totals.ended) / seconds; }
    /// us of the coordinator's CPU per transaction.
    std::optional<double> cpu_per_transaction() const;
};

/// For people: a screenful.
std::string as_text(const Report& report);

/// For programs: everything, latencies in microseconds.
std::string as_json(const Report& report);

/// One page that needs nothing else: figures, throughput and latency over time, the distribution of latencies.
std::string as_html(const Report& report);

}  // namespace dtmd::bench
