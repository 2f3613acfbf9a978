#pragma once

#include <chrono>

namespace dtmd {

using Millis = std::chrono::milliseconds;

/// A moment on the wall clock, in milliseconds since the Unix epoch. Always passed in, never read from a clock where
/// it is used: only base::Loop implementations know what time it is.
using Time = std::chrono::sys_time<Millis>;

/// "Not set". No record of ours is from 1970.
inline constexpr Time no_time{};

}  // namespace dtmd
