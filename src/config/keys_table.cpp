#include "config/keys.h"

namespace dtmd::config {
namespace {

constexpr std::int64_t day = 86'400, century = 36'525 * day;

constexpr std::string_view sql = "mysql|postgres", shared = "mysql|postgres|redis", redis = "redis",
                           embedded = "rocksdb";
constexpr std::string_view as_in_dtm = "dtm reads it and does not use it",
                           for_json_rpc = "nothing listens on it, as in dtm",
                           for_pools = "dtmd needs few connections: see Store.Writers";

using Member = Slot (*)(Config&);

constexpr Key text(std::string_view path, Member slot, std::string_view help) { return {path, slot, help}; }

constexpr Key flag(std::string_view path, Member slot, std::string_view help) { return {path, slot, help}; }

constexpr Key number(std::string_view path, Member slot, std::int64_t least, std::int64_t most, std::string_view unit,
                     std::string_view help) {
    return {path, slot, help, unit, least, most};
}

constexpr Key choice(std::string_view path, Member slot, std::string_view one_of, std::string_view help) {
    Key key{path, slot, help};
    key.one_of = one_of;
    return key;
}

constexpr Key secret(Key key) {
    key.is_secret = true;
    return key;
}

constexpr Key idle(std::string_view reason, Key key) {
    key.no_effect = reason;
    return key;
}

constexpr Key only(std::string_view drivers, Key key) {
    key.drivers = drivers;
    return key;
}

#define DTMD_SLOT(member) [](Config& config) -> Slot { return &config.member; }

constexpr Key table[] = {
    choice("Store.Driver", DTMD_SLOT(store.driver), "rocksdb|boltdb|mysql|postgres|redis",
           "What keeps the transactions. `rocksdb` is the embedded store; `boltdb` means the same"),
    only(embedded, text("Store.Path", DTMD_SLOT(store.path),
                        "Folder of the embedded store, made if it does not exist. Relative to where dtmd is started")),
    only(shared, text("Store.Host", DTMD_SLOT(store.host),
                      "Host of the database. Several, separated by commas, are tried in turn, or are the nodes of a "
                      "Redis cluster, or the sentinels; each may have its own port: `db1,db2:3307`")),
    only(shared, number("Store.Port", DTMD_SLOT(store.port), 0, 65535, "",
                        "Port of the database. 0: 3306, 5432, 6379, or 26379 of sentinels")),
    only(shared, text("Store.User", DTMD_SLOT(store.user), "User of the database")),
    only(shared,
         secret(text("Store.Password", DTMD_SLOT(store.password), "Password of the database. Never shown or logged"))),
    only(sql, text("Store.Db", DTMD_SLOT(store.db), "Name of the database")),
    only("postgres", text("Store.Schema", DTMD_SLOT(store.schema), "Schema in PostgreSQL")),
    only(sql, flag("Store.CreateSchema", DTMD_SLOT(store.create_schema),
                   "Make missing tables at the start, if the user may. `dtmd schema` shows, makes and checks them")),
    only(sql, number("Store.Retention", DTMD_SLOT(store.retention), 0, century, "seconds",
                     "How long databases keep finished transactions. 0: for ever, as dtm does")),
    only(shared, number("Store.Writers", DTMD_SLOT(store.writers), 0, 64, "",
                        "Connections that write, each a batch at a time. 0: what suits the store")),
    only(shared, number("Store.Readers", DTMD_SLOT(store.readers), 0, 64, "",
                        "Connections that read single transactions. 0: what suits the store")),
    only(shared, number("Store.ConnectTimeout", DTMD_SLOT(store.connect_timeout), 1, day, "seconds",
                        "How long a connection may take to be made")),
    only(shared, number("Store.Timeout", DTMD_SLOT(store.timeout), 1, day, "seconds",
                        "How long the store may take to answer before its connection counts as lost")),
    only(shared, choice("Store.Tls", DTMD_SLOT(store.tls), "off|require|verify",
                        "Encrypt connections to the store; `verify` checks its certificate and name as well")),
    only(shared, text("Store.TlsCaFile", DTMD_SLOT(store.tls_ca_file),
                      "PEM file with the authorities that sign the store's certificate. Empty: the system's")),
    only(shared, text("Store.TlsCertFile", DTMD_SLOT(store.tls_cert_file),
                      "PEM file with our own certificate, if the store asks for one")),
    only(shared, text("Store.TlsKeyFile", DTMD_SLOT(store.tls_key_file), "PEM file with its private key")),
    idle(for_pools, number("Store.MaxOpenConns", DTMD_SLOT(store.max_open_conns), 0, 100'000, "",
                           "dtm's most connections to the database")),
    idle(for_pools, number("Store.MaxIdleConns", DTMD_SLOT(store.max_idle_conns), 0, 100'000, "",
                           "dtm's most idle connections to the database")),
    idle(for_pools, number("Store.ConnMaxLifeTime", DTMD_SLOT(store.conn_max_life_time), 0, 1'000'000, "minutes",
                           "dtm replaces a connection to the database after this time")),
    only("rocksdb|redis", number("Store.DataExpire", DTMD_SLOT(store.data_expire), 0, century, "seconds",
                                 "How long the embedded store keeps finished transactions, and Redis unfinished ones")),
    only(redis, number("Store.FinishedDataExpire", DTMD_SLOT(store.finished_data_expire), 0, century, "seconds",
                       "How long Redis keeps finished transactions")),
    only(redis, text("Store.RedisPrefix", DTMD_SLOT(store.redis_prefix),
                     "Begins every key in Redis; the braces keep all of them in one slot of a cluster")),
    only(redis,
         choice("Store.RedisLayout", DTMD_SLOT(store.redis_layout), "dtm|spread",
                "`dtm`: its keys, all in one slot. `spread`: over all nodes of a cluster, which dtm can't read")),
    only(redis, number("Store.RedisDb", DTMD_SLOT(store.redis_db), 0, 1'000'000, "", "Number of the Redis database")),
    only(redis, number("Store.RedisWaitReplicas", DTMD_SLOT(store.redis_wait_replicas), 0, 100, "",
                       "A write counts when so many replicas have it as well: what a failover may not lose")),
    only(redis, text("Store.RedisSentinel", DTMD_SLOT(store.redis_sentinel),
                     "Name of the master that the sentinels in Store.Host watch. Empty: Store.Host is Redis itself")),
    only(redis, text("Store.RedisSentinelUser", DTMD_SLOT(store.redis_sentinel_user), "User of the sentinels")),
    only(redis, secret(text("Store.RedisSentinelPassword", DTMD_SLOT(store.redis_sentinel_password),
                            "Password of the sentinels. Never shown or logged"))),
    only(embedded, number("Store.MemoryMB", DTMD_SLOT(store.memory_mb), 8, 1'000'000, "MB",
                          "Memory of the embedded store: block cache and write buffers together")),
    flag("Store.RequireDurable", DTMD_SLOT(store.require_durable),
         "Refuse to run on a store whose own settings could lose acknowledged writes. The embedded store never does"),
    number("TransCronInterval", DTMD_SLOT(trans_cron_interval), 1, day, "seconds",
           "How often to look for overdue transactions that nobody drives"),
    number("TimeoutToFail", DTMD_SLOT(timeout_to_fail), 1, century, "seconds",
           "An undecided TCC, XA or message transaction times out after this time. A client may set its own; sagas "
           "only time out if they set one"),
    number("RetryInterval", DTMD_SLOT(retry_interval), 1, century, "seconds",
           "First wait before a failed call is repeated; it doubles with each failure. A client may set its own"),
    number("RequestTimeout", DTMD_SLOT(request_timeout), 1, day, "seconds",
           "How long a participant may take to answer. A client may set its own"),
    text("Host", DTMD_SLOT(host),
         "Address to listen on; empty means all interfaces. There is no login: use `127.0.0.1`, or a gateway in front"),
    number("HttpPort", DTMD_SLOT(http_port), 0, 65535, "",
           "Port for HTTP: clients, metrics and operators. 0 takes any free one"),
    number("GrpcPort", DTMD_SLOT(grpc_port), -1, 65535, "",
           "Port for gRPC clients. 0 takes any free one, -1 switches gRPC clients off; participants are called by gRPC "
           "in any case"),
    text("Grpc.TlsCertFile", DTMD_SLOT(grpc.tls_cert_file),
         "PEM file with the certificate, and those that lead to its authority, that gRPC clients are shown. Empty: "
         "plaintext"),
    text("Grpc.TlsKeyFile", DTMD_SLOT(grpc.tls_key_file), "PEM file with its private key"),
    text("Grpc.TlsClientCaFile", DTMD_SLOT(grpc.tls_client_ca_file),
         "PEM file with authorities: gRPC clients must show a certificate of one of them. Empty: anyone is served"),
    idle(for_json_rpc,
         number("JsonRpcPort", DTMD_SLOT(json_rpc_port), 0, 65535, "", "Port that dtm reserves for JSON-RPC")),
    text("MicroService.Driver", DTMD_SLOT(micro_service.driver),
         "How services lie in the registry of gRPC: `dtm-driver-gozero`, `dtm-driver-kratos`, `dtm-driver-sponge`, or "
         "`etcd`, dtmd's own plain way. `default`: none"),
    text("MicroService.Target", DTMD_SLOT(micro_service.target),
         "Where to register gRPC: `etcd://host:port,host:port/name`. Empty: nowhere"),
    text("MicroService.EndPoint", DTMD_SLOT(micro_service.end_point),
         "Address under which gRPC clients reach this node: `host:36790`"),
    text("HttpMicroService.Driver", DTMD_SLOT(http_micro_service.driver),
         "The same for HTTP; also `dtm-driver-http`, which means `etcd`"),
    text("HttpMicroService.RegistryType", DTMD_SLOT(http_micro_service.registry_type), "Only `etcd` can be used"),
    text("HttpMicroService.RegistryAddress", DTMD_SLOT(http_micro_service.registry_address),
         "Members of the registry: `host:port,host:port`"),
    secret(text("HttpMicroService.RegistryOptions", DTMD_SLOT(http_micro_service.registry_options),
                "JSON: `UserName` and `Password` for etcd, `Services` with lists of addresses for `static://name`. "
                "Never shown or logged")),
    text("HttpMicroService.Target", DTMD_SLOT(http_micro_service.target),
         "Name under which to register HTTP. Empty: nowhere"),
    text("HttpMicroService.EndPoint", DTMD_SLOT(http_micro_service.end_point),
         "Address under which HTTP clients reach this node: `host:36789`"),
    number("UpdateBranchSync", DTMD_SLOT(update_branch_sync), 0, 1, "",
           "1: a branch's success is durable before the next branch is called. 0: it may be written later; after a "
           "crash that branch is called again and its barrier absorbs the repeat"),
    idle("results are written in groups anyway",
         number("UpdateBranchAsyncGoroutineNum", DTMD_SLOT(update_branch_async_goroutine_num), 1, 10'000, "",
                "dtm's number of writers of late results")),
    choice("LogLevel", DTMD_SLOT(log_level), "debug|info|warn|error", "Least important events that are logged"),
    text("Log.Outputs", DTMD_SLOT(log.outputs), "Comma list of `stderr`, `stdout` and files"),
    number("Log.RotationEnable", DTMD_SLOT(log.rotation_enable), 0, 1, "", "1: rotate the files in Log.Outputs"),
    text("Log.RotationConfigJSON", DTMD_SLOT(log.rotation_config_json),
         "How to rotate. What is left out is as in `{\"maxsize\":100,\"maxbackups\":5}`: a new file each 100 MB, and "
         "five "
         "old ones are kept"),
    choice("Log.Format", DTMD_SLOT(log.format), "text|json", "How lines look: for people, or a JSON object each"),
    text("TimeZoneOffset", DTMD_SLOT(time_zone_offset),
         "Time zone in which times are shown, in hours east of Greenwich: `+8`. Empty: the machine's own. The log is "
         "always in UTC"),
    number("ConfigUpdateInterval", DTMD_SLOT(config_update_interval), 1, day, "seconds",
           "How often topics are read from the store, for changes made elsewhere"),
    number("AlertRetryLimit", DTMD_SLOT(alert_retry_limit), 1, 1'000'000, "",
           "Consecutive failures of a branch from which on AlertWebHook is called"),
    text("AlertWebHook", DTMD_SLOT(alert_web_hook),
         "URL that is told of branches that keep failing, by POST. Empty: nobody is"),
    text("AdminBasePath", DTMD_SLOT(admin_base_path), "Prefix under which a proxy shows dtmd's pages; begins with `/`"),
    text("GrpcServiceConfig", DTMD_SLOT(grpc_service_config),
         "gRPC service configuration for calls of participants, JSON"),
    idle(as_in_dtm, text("GrpcBalancer", DTMD_SLOT(grpc_balancer), "gRPC load balancer; dtm's sample file has it")),
    number("Threads", DTMD_SLOT(threads), 0, 1'024, "", "Threads that drive transactions. 0: one for each core"),
    number("Limits.MaxBody", DTMD_SLOT(limits.max_body), 1'024, 1LL << 32, "bytes",
           "Largest request body; above it the answer is 413"),
    number("Limits.MaxHeader", DTMD_SLOT(limits.max_header), 1'024, 1 << 24, "bytes",
           "Largest request head; above it the answer is 431"),
    number("Limits.MaxConnections", DTMD_SLOT(limits.max_connections), 1, 10'000'000, "",
           "Most open client connections; further ones are answered 503"),
    number("Limits.HeaderTimeout", DTMD_SLOT(limits.header_timeout), 1, day, "seconds",
           "How long a client may take to send a request's head"),
    number("Limits.BodyTimeout", DTMD_SLOT(limits.body_timeout), 1, day, "seconds",
           "How long a client may take to send a request's body"),
    number("Limits.IdleTimeout", DTMD_SLOT(limits.idle_timeout), 1, day, "seconds",
           "A connection without a request is closed after this time"),
    number("Limits.WriteTimeout", DTMD_SLOT(limits.write_timeout), 1, day, "seconds",
           "How long a client may take to accept an answer"),
    number("Limits.PerHostConcurrency", DTMD_SLOT(limits.per_host_concurrency), 1, 1'000'000, "",
           "Most open calls to one participant host, over all threads; further ones wait, and only for that host"),
    number("Limits.MaxResident", DTMD_SLOT(limits.max_resident), 1, 100'000'000, "",
           "Most waiting transactions held in memory; more of them wait in the store"),
    number("Limits.MaxRetryInterval", DTMD_SLOT(limits.max_retry_interval), 1, century, "seconds",
           "Longest wait between two attempts, however many have failed"),
    number("Limits.MaxResponse", DTMD_SLOT(limits.max_response), 1'024, 1LL << 32, "bytes",
           "Largest answer of a participant that is read"),
    number("Limits.StopTimeout", DTMD_SLOT(limits.stop_timeout), 0, day, "seconds",
           "How long a stop waits for open calls; cut calls are made again after the next start"),
    flag(
        "Participants.TlsVerify", DTMD_SLOT(participants.tls_verify),
        "Check the certificates of participants that are called by https or gRPC over TLS. Turn it off for tests only"),
    flag("Participants.GrpcTls", DTMD_SLOT(participants.grpc_tls),
         "Call gRPC participants by TLS. Without it only those whose address begins with `grpcs://`"),
    text("Participants.CaFile", DTMD_SLOT(participants.ca_file),
         "PEM file with the authorities that sign participants' certificates. Empty: the system's"),
    flag("Compat.SafeResubmit", DTMD_SLOT(compat.safe_resubmit),
         "A repeated submit of a succeeded transaction with the same content answers 200; without it 409, as dtm does"),
    flag("Compat.EmptyQueryPrepared", DTMD_SLOT(compat.empty_query_prepared),
         "A message that times out undecided and has no `query_prepared` is submitted, as dtm does; without it, it "
         "fails"),
};

#undef DTMD_SLOT

}  // namespace

std::span<const Key> keys() { return table; }

}  // namespace dtmd::config
