#pragma once

#include "store/durability.h"
#include "store/redis/connection.h"

#include <map>
#include <string>

namespace dtmd::store::redis {

/// What a server says of itself that matters for durability. Empty texts: it doesn't say.
struct ServerFacts {
    std::string appendonly, appendfsync, maxmemory, maxmemory_policy;
    bool has_replicas = false;
    bool is_watched = false;  ///< By Sentinel or a Cluster, which replace a lost primary by a replica.
    int wait_replicas = 0;
};

/// What a crash of such a server could lose. Pure.
Durability judge(const ServerFacts& facts, const Address& server);

/// The primary's part of a connect: errors if it is none, is too old, is loading, or is less durable than required.
Result<void> check_server(Connection& connection, Shared& shared);

}  // namespace dtmd::store::redis
