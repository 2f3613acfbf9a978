#pragma once

#include <chrono>
#include <cstdint>

namespace dtmd::txn {

struct RetryPolicy {
    std::chrono::milliseconds first{10'000};       ///< Wait after the first failed attempt. At least 1 ms.
    std::chrono::milliseconds ceiling{3'600'000};  ///< No wait is longer than this.
};

/// How long to wait after failed attempt number `attempt` (the first one is 1) before the next.
///
/// Doubles from `policy.first` up to `policy.ceiling`, then spreads the result over [75 %, 100 %] by `jitter`
/// so that transactions that failed together do not come back together.
///
/// @param jitter  in [0, 1); the caller draws it, which keeps this function pure and simulations repeatable.
/// @return        in milliseconds, never 0 and never above the ceiling. Does not overflow for any `attempt`.
std::chrono::milliseconds delay_after(std::uint32_t attempt, const RetryPolicy& policy, double jitter);

}  // namespace dtmd::txn
