#include "base/wall_clock.h"

#include <algorithm>

namespace dtmd {
namespace {

using std::chrono::microseconds;

constexpr std::int64_t whole = 16, slow = 15;

// So that a clock that simply goes on is not written back by every reader at every look.
constexpr std::int64_t worth_raising = whole * 1'000;

std::int64_t line_through(microseconds moment, microseconds steady) {
    return whole * moment.count() - slow * steady.count();
}

// Before the steady clock, so that being interrupted between the two can't put it ahead.
microseconds machine_time() {
    return std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch());
}

}  // namespace

microseconds ForwardClock::at(microseconds moment, microseconds steady) {
    const std::int64_t line = line_.load(std::memory_order_relaxed);
    const std::int64_t theirs = line_through(moment, steady);
    if (theirs >= line) {
        if (line == INT64_MIN || theirs - line >= worth_raising) raise(theirs);
        return moment;
    }
    return microseconds{(line + slow * steady.count()) / whole};
}

void ForwardClock::not_before(microseconds moment, microseconds steady) { raise(line_through(moment, steady)); }

void ForwardClock::raise(std::int64_t line) {
    std::int64_t before = line_.load(std::memory_order_relaxed);
    while (before < line && !line_.compare_exchange_weak(before, line, std::memory_order_relaxed)) {
    }
}

Time WallClock::now() const {
    const std::int64_t ahead = ahead_of_steady_.load(std::memory_order_relaxed);
    if (ahead != own_clock) return Time{std::chrono::duration_cast<Millis>(steady() + microseconds{ahead})};
    const microseconds machine = machine_time();
    return Time{std::chrono::duration_cast<Millis>(own_.at(machine, steady()))};
}

Millis WallClock::not_before(Time moment) {
    const microseconds machine = machine_time();
    own_.not_before(moment.time_since_epoch(), steady());
    return std::max(Millis{0}, moment.time_since_epoch() - std::chrono::duration_cast<Millis>(machine));
}

void WallClock::follow(microseconds moment_since_epoch, microseconds steady) {
    ahead_of_steady_.store((moment_since_epoch - steady).count(), std::memory_order_relaxed);
}

microseconds WallClock::steady() {
    return std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace dtmd
