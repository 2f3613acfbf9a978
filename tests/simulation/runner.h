#pragma once

#include "world.h"

#include <cstdint>
#include <vector>

namespace dtmd::simulation {

struct RunOptions {
    std::uint64_t first = 1, last = 2'000;
    std::vector<const Profile*> profiles;  ///< Each seed is run on each; null: by the seed.
    World::Options world;
    unsigned jobs = 1;
    bool until_failure = false;  ///< Go on after `last`.
    bool quiet = false;
};

/// Runs all seeds and prints a summary. Stops at a failure: prints the lowest seed that fails, what it complains of,
/// and how to replay it. The process's exit status: 0, or 1 if a seed has failed.
int run_all(const RunOptions& options);

/// Runs one seed and prints its trace, its hash, and its complaints.
int replay(std::uint64_t seed, const RunOptions& options);

}  // namespace dtmd::simulation
