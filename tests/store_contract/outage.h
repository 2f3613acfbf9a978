#pragma once

#include "store/backend.h"

#include <chrono>

namespace dtmd::store::test {

/// Whether all pings fail for that long, each within half a second.
inline bool answers_at_once_for(Backend& backend, std::chrono::milliseconds length) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + length;
    while (Clock::now() < end) {
        const auto began = Clock::now();
        if (backend.ping() || Clock::now() - began > std::chrono::milliseconds(500)) return false;
    }
    return true;
}

}  // namespace dtmd::store::test
