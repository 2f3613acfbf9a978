#pragma once

#include "base/random.h"

#include <random>

namespace dtmd {

/// Random for production: a Mersenne twister seeded from the operating system.
class SystemRandom final : public Random {
public:
    SystemRandom() {
        std::random_device device;
        std::seed_seq seed{device(), device(), device(), device()};
        generator_.seed(seed);
    }
    std::uint64_t bits() override { return generator_(); }

private:
    std::mt19937_64 generator_;
};

}  // namespace dtmd
