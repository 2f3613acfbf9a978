#pragma once

#include "base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// Everything a user can set, checked, in one immutable struct. config/dtmd.yml describes each key.
namespace dtmd::config {

struct Store {
    std::string driver = "rocksdb";  ///< rocksdb (dtm's boltdb means the same), mysql, postgres, redis
    std::string path = "data";       ///< rocksdb: its folder.
    std::string host, user, password, db = "dtm", schema = "public";
    std::int64_t port = 0;  ///< 0: the driver's usual one.
    std::int64_t max_open_conns = 500, max_idle_conns = 500, conn_max_life_time = 5;
    std::int64_t data_expire = 604'800;          ///< s; finished transactions of the embedded store are kept this long.
    std::int64_t finished_data_expire = 86'400;  ///< s; redis.
    std::string redis_prefix = "{a}", redis_layout = "dtm";
    std::int64_t redis_db = 0, redis_wait_replicas = 0;
    std::string redis_sentinel, redis_sentinel_user, redis_sentinel_password;
    std::string tls = "off";  ///< off, require, verify
    std::string tls_ca_file, tls_cert_file, tls_key_file;
    std::int64_t connect_timeout = 3, timeout = 10;  ///< s
    std::int64_t writers = 0, readers = 0;           ///< Connections; 0: what suits the driver.
    bool create_schema = true;
    std::int64_t retention = 0;   ///< s; mysql, postgres: finished transactions are kept this long; 0: for ever.
    std::int64_t memory_mb = 48;  ///< rocksdb: block cache and memtables together.
    bool require_durable = false;
};

struct MicroService {
    std::string driver = "default", target, end_point;
};

struct HttpMicroService {
    std::string driver = "default", registry_type, registry_address, registry_options = "{}", target, end_point;
};

struct Log {
    std::string outputs = "stderr";  ///< Comma list: stderr, stdout, files.
    std::int64_t rotation_enable = 0;
    std::string rotation_config_json = "{}";
    std::string format = "text";  ///< text, json
};

struct Limits {
    std::int64_t max_body = 16 << 20;    ///< Bytes of a request's body.
    std::int64_t max_header = 64 << 10;  ///< Bytes of a request's headers.
    std::int64_t max_connections = 20'000;
    std::int64_t header_timeout = 10, body_timeout = 30, idle_timeout = 75, write_timeout = 30;  ///< s
    std::int64_t per_host_concurrency = 256;  ///< Open calls to one participant host, over all threads.
    std::int64_t max_resident = 20'000;       ///< Waiting transactions held in memory; more wait in the store.
    std::int64_t max_retry_interval = 3'600;  ///< s; the longest back-off.
    std::int64_t max_response = 1 << 20;      ///< Bytes of a participant's answer.
    std::int64_t stop_timeout = 10;           ///< s; how long a stop waits for what is under way.
};

struct Grpc {
    std::string tls_cert_file, tls_key_file, tls_client_ca_file;
};

struct Participants {
    bool tls_verify = true;
    bool grpc_tls = false;
    std::string ca_file;
};

struct Compat {
    bool safe_resubmit = false;  ///< A submit of a succeeded gid with the same content answers 200 instead of 409.
    bool empty_query_prepared = true;  ///< A timed-out message without query_prepared is submitted, as dtm does.
};

struct Config {
    Store store;
    std::int64_t trans_cron_interval = 3, timeout_to_fail = 35, retry_interval = 10, request_timeout = 3;  ///< s
    std::string host;  ///< Listening address; empty: all interfaces.
    std::int64_t http_port = 36'789, grpc_port = 36'790, json_rpc_port = 36'791;
    MicroService micro_service;
    HttpMicroService http_micro_service;
    std::int64_t update_branch_sync = 1, update_branch_async_goroutine_num = 1;
    std::string log_level = "info";
    Log log;
    std::string time_zone_offset;
    std::int64_t config_update_interval = 3;
    std::int64_t alert_retry_limit = 3;
    std::string alert_web_hook;
    std::string admin_base_path;
    std::string grpc_service_config = R"({"loadBalancingConfig": [{"round_robin":{}}]})";
    std::string grpc_balancer;
    std::int64_t threads = 0;  ///< Shards; 0: one per core.
    Limits limits;
    Grpc grpc;
    Participants participants;
    Compat compat;
    bool is_docker = false;  ///< env IS_DOCKER
};

/// What a loading found: the values, and what the user should know although it is no error.
struct Loaded {
    Config config;
    std::vector<std::string> warnings;  ///< "dtmd.yml:12: unknown key 'Sotre': did you mean 'Store'?"
    std::vector<std::string> notes;     ///< "Store.Driver: boltdb means the embedded store: rocksdb"
};

using Environment = std::map<std::string, std::string>;

/// Defaults, then environment, then the file (dtm's order: the file wins). `file` may be empty: no file.
///
/// Errors (`invalid`): every problem found, one per line, as "dtmd.yml:12:5: Store.Port: expected a number from 0
/// to 65535, got 'abc'", or for the environment "STORE_PORT: ...", or that the file can't be read.
Result<Loaded> load(const std::string& file, const Environment& environment);

/// The whole process environment.
Environment process_environment();

/// The effective values as YAML with passwords masked, for `dtmd check-config` and the log at start.
std::string to_yaml(const Config& config);

}  // namespace dtmd::config
