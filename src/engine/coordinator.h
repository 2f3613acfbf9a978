#pragma once

#include "base/random.h"
#include "engine/engine.h"
#include "observe/metrics.h"
#include "participant/participant.h"
#include "txn/decide.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dtmd::engine {

/// What one shard stands on. All of it must outlive the coordinator.
struct ShardEnvironment {
    Loop& loop;
    participant::Participant& participant;
    Random& random;
};

/// An alert on its way to the operator (protocol.md 6.6).
struct Alert {
    std::string gid, status, branch_url, error;
    std::int64_t retry_count = 0;
};

/// Delivers alerts; must not block. Called on any shard's loop.
using AlertSink = std::function<void(Loop& home, Alert)>;

struct Settings {
    txn::Policy policy;
    Millis request_timeout{3'000};
    Millis claim_interval{3'000};            ///< dtm's TransCronInterval.
    Millis topics_interval{3'000};           ///< dtm's ConfigUpdateInterval.
    bool lazy_branch_results = false;        ///< UpdateBranchSync: 0
    bool safe_resubmit = false;              ///< Compat.SafeResubmit
    std::size_t per_host_concurrency = 256;  ///< Over all shards.
    std::size_t max_resident = 20'000;       ///< Sleeping actors kept in memory, over all shards.
    std::size_t max_claimed = 2'000;         ///< Claimed transactions being worked on at once, over all shards.
    std::int64_t alert_retry_limit = 3;
    Millis finished_kept{604'800'000};  ///< Finished transactions are removed after this; 0: never.
};

/// What an engine keeps in memory; all zero when there is nothing to do.
struct Footprint {
    std::size_t actors = 0;
    std::size_t alarms = 0;        ///< That are set.
    std::size_t open_calls = 0;    ///< As the hosts' gates count them.
    std::size_t queued_calls = 0;  ///< Waiting for a slot of their host.
    std::size_t sleepers = 0;      ///< Waiting for their host to come back.
};

/// The engine proper: shards, actors, claims. `start` and `stop` are called on the first shard's loop.
class Coordinator : public Engine {
public:
    /// Begins claiming: what was left unfinished is taken up, in the background.
    virtual void start() = 0;

    /// Starts no new calls and accepts no new work (`unavailable`), waits for open calls up to `limit`, gives leases
    /// back, then runs `done` on the first loop. Waiting clients are answered.
    virtual void stop(Millis limit, Task done) = 0;

    /// Over all shards. To be asked only while none of their loops runs: for tests.
    virtual Footprint footprint() const = 0;
};

std::unique_ptr<Coordinator> make_coordinator(std::vector<ShardEnvironment> shards, store::Store& store,
                                              Settings settings, observe::EngineMetrics& metrics, AlertSink alerts);

}  // namespace dtmd::engine
