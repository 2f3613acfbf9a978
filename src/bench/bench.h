#pragma once

#include "base/result.h"
#include "bench/report.h"

#include <functional>

namespace dtmd::bench {

/// How a run stands, some ten times a second.
struct Progress {
    double measured = 0;  ///< Seconds; negative while it warms up.
    std::uint64_t ended = 0;
    bool is_over = false;  ///< No new transactions; the rest is being waited for.
};

/// Puts load on the coordinator at asked.server, is the participant of every branch, and reports how fast it was and
/// whether every transaction had exactly its effects. The coordinator may be any that speaks dtm's protocol.
///
/// Threads: blocks the caller, on which everything runs, and which `show` is called on.
/// Errors: `invalid` if the options make no sense; `unavailable` if nobody answers who speaks the protocol, or our
/// participant's port can't be had.
Result<Report> run(const Options& asked, std::function<void(const Progress&)> show);

}  // namespace dtmd::bench
