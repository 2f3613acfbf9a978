#pragma once

#include "client.h"

#include <memory>

namespace dtmd::testing {

/// One transaction of one kind on its way, for tests that disturb it at each point in turn.
struct Trial {
    txn::Mode mode;
    bool forward = true;  ///< Otherwise the second action refuses, or the client aborts.
    bool wait = false;
    bool lazy = false;
    bool shared = false;  ///< The store may be used by other nodes too.
    Millis before{1}, delay{1};

    std::string name() const;
};

/// All of them.
std::vector<Trial> all_trials();

/// The world of a trial, with its client at work.
class TrialRun {
public:
    explicit TrialRun(const Trial& trial);

    World world;
    Watch watch{world};
    Client client;

    /// Makes one event happen; false when the transaction has ended and its client is done, or if that takes too long.
    bool step();
    void crash();
    /// Goes on to the end and checks it.
    void finish();

private:
    bool has_ended() const;
    const Trial trial_;
    const Time limit_;
};

}  // namespace dtmd::testing
