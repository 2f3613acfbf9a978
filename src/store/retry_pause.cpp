#include "store/retry_pause.h"

#include <algorithm>

namespace dtmd::store {
namespace {

using namespace std::chrono_literals;

constexpr RetryPause::Clock::duration shortest = 50ms, longest = 1000ms;

}  // namespace

void RetryPause::failed(Clock::time_point began, Clock::time_point ended) {
    length_ = std::clamp(length_ * 2, shortest, longest);
    end_ = ended + std::max(length_, ended - began);
}

}  // namespace dtmd::store
