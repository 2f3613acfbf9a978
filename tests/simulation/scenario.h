#pragma once

#include "dice.h"
#include "engine/coordinator.h"
#include "profile.h"

#include <vector>

namespace dtmd::simulation {

/// What is decided about one world before it begins. All rates are probabilities.
struct Scenario {
    const Profile* profile = nullptr;
    int nodes = 1;
    int shards = 1;
    std::vector<Millis> skews;  ///< One per node.
    engine::Settings settings;
    int clients = 1;
    Millis storm{60'000};

    double call_trouble = 0;    ///< A call to a participant goes wrong.
    double host_outages = 0;    ///< Each second: a participant's host goes away for a while.
    double store_trouble = 0;   ///< A batch or a read goes wrong.
    double store_outages = 0;   ///< Each second.
    double crashes = 0;         ///< Each event.
    double node_faults = 0;     ///< Each second: stalls, clean stops, clock jumps.
    double client_trouble = 0;  ///< A client's request, or its answer, is lost or repeated.
    double operators = 0;       ///< Each second.
    bool expires = false;       ///< Finished transactions are removed soon.
    bool dead_host = false;     ///< One participant stays away when all else has calmed down, until the rest is done.
};

/// @param profile  null: chosen by the dice
Scenario make_scenario(Dice& dice, const Profile* profile);

}  // namespace dtmd::simulation
