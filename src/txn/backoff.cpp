#include "txn/backoff.h"

#include <algorithm>

namespace dtmd::txn {

std::chrono::milliseconds delay_after(std::uint32_t attempt, const RetryPolicy& policy, double jitter) {
    const std::int64_t ceiling = std::max<std::int64_t>(policy.ceiling.count(), 1);
    std::int64_t wait = std::clamp<std::int64_t>(policy.first.count(), 1, ceiling);
    for (std::uint32_t i = 1; i < attempt && wait < ceiling; ++i) wait = wait > ceiling / 2 ? ceiling : wait * 2;
    const auto spread = static_cast<std::int64_t>(static_cast<double>(wait) * 0.25 * jitter);
    return std::chrono::milliseconds(std::max<std::int64_t>(wait - spread, 1));
}

}  // namespace dtmd::txn
