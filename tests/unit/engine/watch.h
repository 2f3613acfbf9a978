#pragma once

#include "simulation/witness.h"
#include "support/engine_world.h"

#include <string>
#include <vector>

namespace dtmd::testing {

/// The simulator's witness, watching one world with one node.
class Watch {
public:
    explicit Watch(World& world);

    std::vector<std::string> complaints;
    simulation::Witness witness;

    void crashed();

private:
    simulation::Owner life_ = 1;
};

}  // namespace dtmd::testing
