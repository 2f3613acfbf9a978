#pragma once

#include "base/time.h"

#include <atomic>
#include <cstdint>

namespace dtmd {

/// The wall clock by which deadlines and leases are kept: this machine's, until it is told to follow another one (that
/// of a store which several nodes share, so that they agree however their own clocks differ).
///
/// Thread-safe and cheap.
class WallClock {
public:
    /// It goes on from the last moment it was told, by a clock that doesn't jump.
    Time now() const;

    /// It was `moment` on the other clock when steady() was `steady`.
    void follow(std::chrono::microseconds moment_since_epoch, std::chrono::microseconds steady);

    /// Never goes back; the scale of base::Loop::steady in production.
    static std::chrono::microseconds steady();

private:
    static constexpr std::int64_t own_clock = INT64_MIN;
    std::atomic<std::int64_t> ahead_of_steady_{own_clock};  ///< Microseconds.
};

}  // namespace dtmd
