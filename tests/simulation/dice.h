#pragma once

#include "base/random.h"

#include <cstdint>

namespace dtmd::simulation {

/// Chance that comes out the same in every run, on every machine (SplitMix64).
class Dice final : public Random {
public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}

    std::uint64_t bits() override {
        std::uint64_t mixed = (state_ += 0x9E3779B97F4A7C15);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    bool chance(double probability) { return probability > 0 && fraction() < probability; }

    /// Both ends included.
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(most - least + 1));
    }
    std::size_t index(std::size_t size) { return static_cast<std::size_t>(bits() % size); }

private:
    std::uint64_t state_;
};

}  // namespace dtmd::simulation
