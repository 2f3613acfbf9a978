#pragma once

#include "base/time.h"

#include <atomic>
#include <cstdint>

namespace dtmd {

/// Makes a clock that never goes back of one that may be set back: then it runs on, a sixteenth slower, until the two
/// meet. It follows at once where the other jumps ahead.
///
/// Thread-safe and cheap.
class ForwardClock {
public:
    using Micros = std::chrono::microseconds;

    /// `moment`: what the other clock says when steady time is `steady`.
    Micros at(Micros moment, Micros steady);

    /// From now on it is not before `moment`, and runs on from there.
    void not_before(Micros moment, Micros steady);

private:
    void raise(std::int64_t line);

    // now >= (line + 15 * steady) / 16: a line through time that only ever moves up.
    std::atomic<std::int64_t> line_{INT64_MIN};
};

/// The wall clock by which deadlines and leases are kept: this machine's, until it is told to follow another one (that
/// of a store which several nodes share, so that they agree however their own clocks differ).
///
/// Thread-safe and cheap.
class WallClock {
public:
    /// While it is the machine's, it does not go back when that is set back, or what is stored with times from before
    /// would have to wait until they come again. When it follows another, it goes on from the last moment it was told,
    /// by a clock that doesn't jump.
    Time now() const;

    /// A store that this machine wrote has seen `moment`: the clock goes on from there if the machine's is behind it.
    /// @return by how much it is.
    Millis not_before(Time moment);

    /// It was `moment` on the other clock when steady() was `steady`.
    void follow(std::chrono::microseconds moment_since_epoch, std::chrono::microseconds steady);
    bool follows_another() const { return ahead_of_steady_.load(std::memory_order_relaxed) != own_clock; }

    /// Never goes back; the scale of base::Loop::steady in production.
    static std::chrono::microseconds steady();

private:
    static constexpr std::int64_t own_clock = INT64_MIN;
    std::atomic<std::int64_t> ahead_of_steady_{own_clock};  ///< Microseconds.
    mutable ForwardClock own_;
};

}  // namespace dtmd
