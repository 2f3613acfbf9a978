#pragma once

#include "base/time.h"

#include <span>
#include <string_view>

namespace dtmd::simulation {

/// How one kind of store behaves towards its nodes, as far as a coordinator can notice.
struct Profile {
    std::string_view name;
    int most_nodes = 3;
    bool exclusive = false;  ///< One node owns it; what is not durable at its crash may or may not be there after it.
    Millis lease_grain{1};   ///< next_cron_time is kept in such steps, rounded up.
    bool keeps_owners = false;    ///< A lease that is taken back gets a new owner (store::Mutation::expect_owner).
    Millis stale_reads{0};        ///< A read may miss what other nodes wrote so recently (replicated writers: Galera).
    bool torn_batches = false;    ///< A batch that breaks off half-way has been done up to there.
    Millis late_effect{0};        ///< What was answered with "unknown" may still take effect so much later.
    bool lossy_failover = false;  ///< What was acknowledged last may be lost (asynchronous replicas). Never by seed.
};

/// rocksdb, mysql, postgres, redis.
std::span<const Profile> all_profiles();

/// Null: there is none of that name.
const Profile* find_profile(std::string_view name);

}  // namespace dtmd::simulation
