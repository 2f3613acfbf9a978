#pragma once

#include "base/random.h"
#include "engine/shard.h"

#include <atomic>
#include <functional>
#include <string>

namespace dtmd::engine {

/// Takes up what nobody drives: overdue transactions are claimed from the store in batches, as many as there is free
/// capacity for. Also lets finished transactions expire, and reports how much is unfinished.
/// One per coordinator, on the first shard's loop.
class Claimer {
public:
    using Adopt = std::function<void(std::string gid, Time lease_until, std::string owner)>;
    Claimer(Loop& loop, Random& random, Shared& shared, Adopt adopt);

    /// Everything whose lease could have been ours before a restart is taken up first, if the store is ours alone.
    void start();
    void stop() { stopped_ = true; }

    /// A stored transaction wants a look at `when`. From any thread; cheap when a look is planned before that anyway.
    void note_due(Time when);

private:
    void claim();
    void claimed(Result<store::Claims> claims, std::size_t asked);
    void plan(Time when);
    void expire();
    void count();

    Loop& loop_;
    Random& random_;
    Shared& shared_;
    Adopt adopt_;
    Time recover_until_;              ///< While set: claim what is due up to this moment, not only up to now.
    std::atomic<Time::rep> planned_;  ///< When the next claim is planned.
    bool claiming_ = false;
    bool claim_again_ = false;  ///< A look came due during a claim, which may have missed what it was for.
    bool stopped_ = false;
};

}  // namespace dtmd::engine
