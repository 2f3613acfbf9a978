#include "app/stores.h"

#include "observe/log.h"
#include "store/group_commit.h"
#include "store/rocksdb/rocksdb_backend.h"

#include <algorithm>

namespace dtmd::app {
namespace {

using std::chrono::seconds;
using FactoryResult = Result<store::BackendFactory>;

// More writers than two wait for each other at the server's log; readers also load what is claimed.
constexpr std::size_t sql_writers = 2, redis_writers = 2, shared_readers = 2;
constexpr std::int64_t mysql_port = 3306, postgres_port = 5432, redis_port = 6379, sentinel_port = 26379;
constexpr std::size_t spread_slices = 32;
constexpr Millis worth_a_warning{2'000};

std::int64_t port_of(const config::Store& store, std::int64_t usual) { return store.port == 0 ? usual : store.port; }

void say_connected(std::string_view server, std::string_view version) {
    log::info("store.connected", {{"server", server}, {"version", version}});
}

void say_risks(const std::vector<std::string>& risks, observe::StoreHealthMetrics& metrics) {
    for (const std::string& risk : risks) log::warn("store.not_durable", {{"text", risk}});
    metrics.store_durable(risks.empty());
}

FactoryResult open_embedded(const config::Store& store, WallClock& clock) {
    store::RocksDbOptions options;
    options.path = store.path;
    options.memory_mb = static_cast<std::size_t>(store.memory_mb);
    options.now = [&clock] { return clock.now(); };
    auto factory = store::open_rocksdb(options);
    if (!factory) return factory.error();
    const auto seen = (*factory)()->clock();
    if (!seen) return seen.error();
    if (!*seen) return factory;
    const Millis behind = clock.not_before(**seen);
    if (behind > worth_a_warning) log::warn("clock.set_back", {{"behind_ms", behind.count()}});
    return factory;
}

template <class Options>
FactoryResult open_sql(Result<Options> options, FactoryResult (*open)(Options), observe::StoreHealthMetrics& metrics) {
    if (!options) return options.error();
    options->on_report = [&metrics](const store::sql::ServerReport& report) {
        say_connected(report.server, report.version);
        say_risks(report.risks, metrics);
        for (const std::string& note : report.notes) log::warn("store.schema", {{"text", note}});
    };
    options->on_refusal = [](const std::string& text) { log::error("store.refused", {{"text", text}}); };
    return open(*std::move(options));
}

FactoryResult open_redis_store(const config::Store& store, observe::StoreHealthMetrics& metrics) {
    store::RedisOptions options = redis_options(store);
    options.on_durability = [&metrics](const store::Durability& durability) {
        for (const std::string& note : durability.notes) log::warn("store.not_durable", {{"text", note}});
        metrics.store_durable(durability.is_durable);
    };
    return store::open_redis(std::move(options));
}

FactoryResult open_backends(const config::Config& config, observe::Metrics& metrics, WallClock& clock) {
    const std::string& driver = config.store.driver;
    if (driver == "mysql") return open_sql(mysql_options(config.store), store::open_mysql, metrics);
    if (driver == "postgres") return open_sql(postgres_options(config.store), store::open_postgres, metrics);
    if (driver == "redis") return open_redis_store(config.store, metrics);
    if (driver == "rocksdb") return open_embedded(config.store, clock);
    return Error{Errc::unavailable, "Store.Driver: " + driver + " is not part of this version"};
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= list.size();) {
        const auto end = std::min(list.find(',', at), list.size());
        const auto first = list.find_first_not_of(' ', at);
        if (first < end) parts.push_back(list.substr(first, list.find_last_not_of(' ', end - 1) - first + 1));
        at = end + 1;
    }
    return parts;
}

template <class Options, class Tls>
Result<Options> sql_options(const config::Store& store, std::int64_t usual_port) {
    auto hosts = store::sql::parse_endpoints(store.host, static_cast<std::uint16_t>(port_of(store, usual_port)));
    if (!hosts) return Error{Errc::invalid, "Store.Host: " + hosts.error().what};
    Options options;
    options.hosts = *std::move(hosts);
    options.user = store.user;
    options.password = store.password;
    options.database = store.db;
    using Mode = typename Tls::Mode;
    options.tls.mode = store.tls == "verify" ? Mode::verify : store.tls == "require" ? Mode::require : Mode::off;
    options.tls.ca_file = store.tls_ca_file;
    options.tls.cert_file = store.tls_cert_file;
    options.tls.key_file = store.tls_key_file;
    options.connect_timeout = seconds(store.connect_timeout);
    options.timeout = seconds(store.timeout);
    options.create_schema = store.create_schema;
    options.require_durable = store.require_durable;
    return options;
}

store::RedisTls redis_tls(const config::Store& store) {
    store::RedisTls tls;
    tls.enabled = store.tls != "off";
    tls.verify = store.tls == "verify";
    tls.ca_file = store.tls_ca_file;
    tls.cert_file = store.tls_cert_file;
    tls.key_file = store.tls_key_file;
    return tls;
}

// So that the time is known before anyone asks for anything. If the store can't be reached now, StoreWatch goes on.
void learn_time(store::Backend& backend, WallClock& clock) {
    if (!backend.ping()) return;
    const auto asked = WallClock::steady();
    const auto told = backend.clock();
    const auto took = WallClock::steady() - asked;
    if (told && *told && took < worth_a_warning) clock.follow((*told)->time_since_epoch(), asked + took / 2);
}

}  // namespace

bool is_shared(const config::Store& store) { return store.driver != "rocksdb"; }

std::string describe(const config::Store& store) {
    if (!is_shared(store)) return store.driver + " in " + store.path;
    const std::string port = store.port == 0 ? "" : ":" + std::to_string(store.port);
    return store.driver + " at " + store.host + port;
}

Result<store::MySqlOptions> mysql_options(const config::Store& store) {
    return sql_options<store::MySqlOptions, store::MySqlTls>(store, mysql_port);
}

Result<store::PostgresOptions> postgres_options(const config::Store& store) {
    auto options = sql_options<store::PostgresOptions, store::PostgresTls>(store, postgres_port);
    if (options) options->schema = store.schema;
    return options;
}

store::RedisOptions redis_options(const config::Store& store) {
    using Topology = store::RedisTopology;
    store::RedisOptions options;
    const bool by_sentinel = !store.redis_sentinel.empty();
    const std::string port = ":" + std::to_string(port_of(store, by_sentinel ? sentinel_port : redis_port));
    for (std::string& host : split(store.host)) {
        const bool has_port = host.starts_with('[') ? host.find("]:") != host.npos : host.find(':') != host.npos;
        options.hosts.push_back(has_port ? host : host + port);
    }
    // A comma list is how dtm is told of a cluster.
    options.topology = by_sentinel                ? Topology::sentinel
                       : options.hosts.size() > 1 ? Topology::cluster
                                                  : Topology::single;
    options.master_name = store.redis_sentinel;
    options.user = store.user;
    options.password = store.password;
    options.sentinel_user = store.redis_sentinel_user;
    options.sentinel_password = store.redis_sentinel_password;
    options.database = static_cast<int>(store.redis_db);
    options.tls = redis_tls(store);
    options.prefix = store.redis_prefix;
    options.slices = store.redis_layout == "spread" ? spread_slices : 0;
    options.data_expire = seconds(store.data_expire);
    options.finished_expire = seconds(store.finished_data_expire);
    options.connect_timeout = seconds(store.connect_timeout);
    options.timeout = seconds(store.timeout);
    options.wait_replicas = static_cast<int>(store.redis_wait_replicas);
    options.require_durable = store.require_durable;
    return options;
}

Result<std::unique_ptr<store::Store>> open_store(const config::Config& config, observe::Metrics& metrics,
                                                 WallClock& clock) {
    auto factory = open_backends(config, metrics, clock);
    if (!factory) return factory.error();
    store::GroupCommitOptions options;
    options.exclusive = !is_shared(config.store);
    if (is_shared(config.store)) {
        learn_time(*(*factory)(), clock);
        options.knows_time = [&clock] { return clock.follows_another(); };
        const auto chosen = [](std::int64_t given, std::size_t usual) {
            return given == 0 ? usual : static_cast<std::size_t>(given);
        };
        options.writers = chosen(config.store.writers, config.store.driver == "redis" ? redis_writers : sql_writers);
        options.readers = chosen(config.store.readers, shared_readers);
    }
    return store::make_group_commit_store(*std::move(factory), options, metrics);
}

}  // namespace dtmd::app
