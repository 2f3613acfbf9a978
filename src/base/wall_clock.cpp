#include "base/wall_clock.h"

namespace dtmd {

using std::chrono::microseconds;

Time WallClock::now() const {
    const std::int64_t ahead = ahead_of_steady_.load(std::memory_order_relaxed);
    if (ahead == own_clock) return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    return Time{std::chrono::duration_cast<Millis>(steady() + microseconds{ahead})};
}

void WallClock::follow(microseconds moment_since_epoch, microseconds steady) {
    ahead_of_steady_.store((moment_since_epoch - steady).count(), std::memory_order_relaxed);
}

microseconds WallClock::steady() {
    return std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace dtmd
