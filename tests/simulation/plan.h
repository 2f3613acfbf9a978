#pragma once

#include "bank.h"
#include "dice.h"
#include "txn/branches.h"

#include <string>
#include <vector>

namespace dtmd::simulation {

/// What one client wants to have done: a transfer between accounts in one of the five modes, with options of all kinds.
struct Plan {
    txn::Transaction request;                      ///< As prepare and submit send it.
    std::vector<Movement> movements;               ///< One per branch; together they move nothing away.
    std::vector<txn::Registration> registrations;  ///< tcc, xa: one per branch.
    Movement local;                                ///< message: what its sender does by itself.
    bool commits = true;                           ///< tcc, xa, message: otherwise it aborts in the end.
    bool prepares = true;                          ///< message: may be submitted without having been prepared.
};

/// @param topics  which there may be
Plan make_plan(Dice& dice, txn::Mode mode, std::string gid, const std::vector<std::string>& topics);

}  // namespace dtmd::simulation
