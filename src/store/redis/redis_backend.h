#pragma once

#include "base/result.h"
#include "store/durability.h"
#include "store/group_commit.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// Transactions in Redis, under dtm's own keys: one server, a primary watched by Sentinel, or a Cluster.
namespace dtmd::store {

enum class RedisTopology : std::uint8_t {
    single,    ///< `hosts` is the server. Several: the first that is a primary.
    sentinel,  ///< `hosts` are sentinels, which are asked for the primary of `master_name` before each connect.
    cluster,   ///< `hosts` are some nodes of a Redis Cluster, from which the others are learnt.
};

struct RedisTls {
    bool enabled = false;
    bool verify = true;     ///< Refuse a server whose certificate is not for `server_name` or not from `ca_file`.
    std::string ca_file;    ///< PEM. Empty: the system's.
    std::string cert_file;  ///< PEM, with `key_file`: our own certificate, if the server asks for one.
    std::string key_file;
    std::string server_name;  ///< For SNI and the check. Empty: the host that is connected to.
};

struct RedisOptions {
    RedisTopology topology = RedisTopology::single;
    std::vector<std::string> hosts;  ///< "host:port"; without port 6379, for sentinels 26379. "[::1]:6379" as well.
    std::string master_name;         ///< Sentinel only.
    std::string user, password;      ///< ACL user (empty: the default user) and password (empty: no AUTH).
    std::string sentinel_user, sentinel_password;
    int database = 0;  ///< Not with a cluster, which has one only.
    RedisTls tls;

    std::string prefix = "{a}";  ///< dtm's Store.RedisPrefix.
    /// 0: dtm's layout, all keys in one slot. Else: that many slices, each in a slot of its own, so that a Cluster
    /// shares the work. dtm can't read that, and the number must never change: a store that was filled with another
    /// one is refused.
    std::size_t slices = 0;
    std::chrono::seconds data_expire{604'800};     ///< Of what is unfinished, from its last write on. 0: never.
    std::chrono::seconds finished_expire{86'400};  ///< Of what has finished. 0: never.

    std::chrono::milliseconds connect_timeout{2'000};
    std::chrono::milliseconds timeout{5'000};  ///< Without a byte read or written. Then the connection is given up.
    int wait_replicas = 0;  ///< Replicas that must have a change before it is `ok`; fewer: it is `unknown`. Uses WAIT.
    std::chrono::milliseconds wait_timeout{1'000};
    bool require_durable = false;  ///< Refuse servers without appendonly, with appendfsync no, or that evict keys.

    DurabilityListener on_durability;  ///< May be empty.
};

/// Checks the options and makes a factory of backends with a connection of their own (one per primary, in a Cluster).
/// No server has to be up: connecting is done when it is needed, and until it works everything is `unavailable`.
///
/// Durability: `ok` means that Redis has it, which is as durable as Redis is set up to be: appendfsync always loses
/// nothing, everysec up to a second at a power cut, and less than that whatever came since the last snapshot.
/// Several writers are fine. Needs Redis 6.0.
///
/// Errors: `invalid` with one sentence that names the option and what to do: hosts, master_name, prefix, TLS files.
Result<BackendFactory> open_redis(RedisOptions options);

}  // namespace dtmd::store
