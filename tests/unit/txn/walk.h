#pragma once

#include "samples.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

// Every way a transaction can go: all answers in all orders, timers, the client's commands, and crashes at any point.
// The walk drives decide and apply as the engine does (one write at a time, a turn or a result durable before what
// follows from it is called) and keeps, beside them, what really happened at the participants.
namespace dtmd::txn::walk {

struct Setup {
    Transaction transaction;
    bool lazy_results = false;  ///< Results that may be lazy are not written; participants have a barrier then.
    bool client = false;        ///< The client submits or aborts at any moment while it is prepared.
    int indefinite = 2;         ///< How many answers may be no result, on each way. Without an end there'd be no end.
    int crashes = 1;            ///< And writes that fail.
    int early_timers = 1;       ///< How often a timer may pass while calls are open.
};

struct Totals {
    std::size_t states = 0, succeeded = 0, failed = 0;
    std::string violation;  ///< What was wrong and how it came about; empty: nothing.
};

/// Walks until all is seen, or until promise 2, 3, 5 or 6 of docs/architecture.md, or "one open call per branch", is
/// broken.
Totals walk(const Setup& setup);

}  // namespace dtmd::txn::walk
