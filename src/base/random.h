#pragma once

#include <cstdint>

namespace dtmd {

/// The only door to chance. One per shard; not thread-safe. Seeded in simulations, from the system otherwise.
class Random {
public:
    virtual ~Random() = default;

    /// 64 uniformly distributed bits.
    virtual std::uint64_t bits() = 0;

    /// Uniform in [0, 1).
    double fraction() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }
};

}  // namespace dtmd
