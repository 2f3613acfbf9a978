#pragma once

#include "base/random.h"

#include <random>

namespace dtmd {

/// Chance that comes out the same in every run.
class Dice final : public Random {
public:
    explicit Dice(std::uint64_t seed) : generator_(seed) {}
    std::uint64_t bits() override { return generator_(); }

private:
    std::mt19937_64 generator_;
};

/// Always the same bits: the ends of what chance can do.
class Loaded final : public Random {
public:
    explicit Loaded(std::uint64_t value) : value_(value) {}
    std::uint64_t bits() override { return value_; }

private:
    std::uint64_t value_;
};

}  // namespace dtmd
