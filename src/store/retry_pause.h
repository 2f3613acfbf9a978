#pragma once

#include <chrono>

namespace dtmd::store {

/// How long a server that could not be reached is left alone, so that callers are told so at once instead of each
/// waiting for an attempt of its own.
///
/// 50 ms after the first failure, twice as long after each further one, up to a second: a server that restarts is
/// found again soon. But never shorter than the attempt took: one that does not even refuse costs a time-out, and
/// callers are to be told at once at least half of the time.
///
/// Not thread-safe.
class RetryPause {
public:
    using Clock = std::chrono::steady_clock;

    /// Whether it is too early for the next attempt.
    bool lasts(Clock::time_point now = Clock::now()) const { return now < end_; }

    /// An attempt from `began` to `ended` was in vain.
    void failed(Clock::time_point began, Clock::time_point ended = Clock::now());

    /// The server was reached: the next failure is a first one.
    void succeeded() { *this = {}; }

private:
    Clock::duration length_{};
    Clock::time_point end_{};
};

}  // namespace dtmd::store
