#pragma once

#include "bench/histogram.h"
#include "bench/options.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace dtmd::bench {

using Micros = std::chrono::microseconds;  ///< On a clock that does not jump.

/// One second of the run.
struct Second {
    std::uint64_t ended = 0;
    Histogram latency;
    double cpu_cores = 0;  ///< Of the coordinator, if its pid is known.
    double memory_mib = 0;
};

/// What one transaction has come to.
struct Entry {
    Micros intended{0};        ///< When it should have begun: latency counts from here, however late it really began.
    std::uint64_t done = 0;    ///< A bit for each branch whose action (confirm, commit) was carried out.
    std::uint64_t undone = 0;  ///< And for each that was compensated (cancelled, rolled back).
    bool refused = false;      ///< Its last branch refuses.
    bool acknowledged = false;
    bool ended = false;
    bool measured = false;  ///< It began within the measured time.
};

/// What was counted while measuring. How many ended in that time says how fast it was, whenever they began; latencies
/// are of those that began in it, however late they ended, so that neither end of the measurement bends a figure.
struct Totals {
    std::uint64_t begun = 0, ended = 0, ended_undone = 0;
    std::uint64_t calls = 0;    ///< Of branches.
    std::uint64_t repeats = 0;  ///< Calls of what had been done already.
    std::uint64_t answers_503 = 0, other_errors = 0, lost_connections = 0;
    std::string first_error;
    Histogram latency;
};

/// Every transaction of a run, by its number, and what the branches of each have done. Knows when one is complete.
///
/// Not thread-safe: client and participant share one loop.
class Ledger {
public:
    Ledger(Kind kind, unsigned branches, bool watch, std::string prefix)
        : kind_(kind),
          all_(branches == 64 ? ~0ULL : (1ULL << branches) - 1),
          watch_(watch),
          prefix_(std::move(prefix)) {}

    Totals totals;
    std::vector<Second> seconds;

    /// From here on it is measured, until measure_until().
    void measure_from(Micros now) { from_ = now; }
    void measure_until(Micros now) { until_ = now; }

    std::size_t begin(Micros intended, bool refused);
    std::string gid(std::size_t number) const { return prefix_ + std::to_string(number); }
    const Entry& entry(std::size_t number) const { return entries_[number]; }
    std::size_t size() const { return entries_.size(); }

    /// The last request was answered as it should be.
    void acknowledged(std::size_t number, Micros now);

    /// A branch call arrived. Nothing happens if it is none of ours.
    void called(std::string_view gid, std::string_view branch_id, std::string_view op, bool refuses, Micros now);

    /// Transactions that were acknowledged and have not had all their effects yet.
    std::size_t open() const { return open_; }

    /// What is wrong with what the branches have seen, a line for each kind; empty: every transaction had exactly its
    /// effects. Call it when nothing is open any more, or will be.
    std::vector<std::string> complaints() const;

private:
    bool is_complete(const Entry& entry) const;
    void settle(Entry& entry, Micros now);

    const Kind kind_;
    const std::uint64_t all_;
    const bool watch_;
    const std::string prefix_;
    std::deque<Entry> entries_;
    std::size_t open_ = 0;
    Micros from_{Micros::max()}, until_{Micros::max()};
};

}  // namespace dtmd::bench
