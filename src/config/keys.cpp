#include "config/keys.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

namespace dtmd::config {
namespace {

constexpr std::int64_t century = 100LL * 366 * 24 * 3600;

#define DTMD_SLOT(member) [](Config& config) -> Slot { return &config.member; }

constexpr Key table[] = {
    {"Store.Driver", DTMD_SLOT(store.driver)},
    {"Store.Path", DTMD_SLOT(store.path)},
    {"Store.Host", DTMD_SLOT(store.host)},
    {"Store.Port", DTMD_SLOT(store.port), 0, 65535},
    {"Store.User", DTMD_SLOT(store.user)},
    {"Store.Password", DTMD_SLOT(store.password), 0, 0, {}, true},
    {"Store.Db", DTMD_SLOT(store.db)},
    {"Store.Schema", DTMD_SLOT(store.schema)},
    {"Store.MaxOpenConns", DTMD_SLOT(store.max_open_conns), 0, 100'000},
    {"Store.MaxIdleConns", DTMD_SLOT(store.max_idle_conns), 0, 100'000},
    {"Store.ConnMaxLifeTime", DTMD_SLOT(store.conn_max_life_time), 0, 1'000'000},
    {"Store.DataExpire", DTMD_SLOT(store.data_expire), 0, century},
    {"Store.FinishedDataExpire", DTMD_SLOT(store.finished_data_expire), 0, century},
    {"Store.RedisPrefix", DTMD_SLOT(store.redis_prefix)},
    {"Store.MemoryMB", DTMD_SLOT(store.memory_mb), 8, 1'000'000},
    {"Store.RequireDurable", DTMD_SLOT(store.require_durable)},
    {"TransCronInterval", DTMD_SLOT(trans_cron_interval), 1, 86'400},
    {"TimeoutToFail", DTMD_SLOT(timeout_to_fail), 1, century},
    {"RetryInterval", DTMD_SLOT(retry_interval), 1, century},
    {"RequestTimeout", DTMD_SLOT(request_timeout), 1, 86'400},
    {"Host", DTMD_SLOT(host)},
    {"HttpPort", DTMD_SLOT(http_port), 0, 65535},
    {"GrpcPort", DTMD_SLOT(grpc_port), 0, 65535},
    {"JsonRpcPort", DTMD_SLOT(json_rpc_port), 0, 65535},
    {"MicroService.Driver", DTMD_SLOT(micro_service.driver)},
    {"MicroService.Target", DTMD_SLOT(micro_service.target)},
    {"MicroService.EndPoint", DTMD_SLOT(micro_service.end_point)},
    {"HttpMicroService.Driver", DTMD_SLOT(http_micro_service.driver)},
    {"HttpMicroService.RegistryType", DTMD_SLOT(http_micro_service.registry_type)},
    {"HttpMicroService.RegistryAddress", DTMD_SLOT(http_micro_service.registry_address)},
    {"HttpMicroService.RegistryOptions", DTMD_SLOT(http_micro_service.registry_options)},
    {"HttpMicroService.Target", DTMD_SLOT(http_micro_service.target)},
    {"HttpMicroService.EndPoint", DTMD_SLOT(http_micro_service.end_point)},
    {"UpdateBranchSync", DTMD_SLOT(update_branch_sync), 0, 1},
    {"UpdateBranchAsyncGoroutineNum", DTMD_SLOT(update_branch_async_goroutine_num), 1, 10'000},
    {"LogLevel", DTMD_SLOT(log_level), 0, 0, "debug|info|warn|error|fatal"},
    {"Log.Outputs", DTMD_SLOT(log.outputs)},
    {"Log.RotationEnable", DTMD_SLOT(log.rotation_enable), 0, 1},
    {"Log.RotationConfigJSON", DTMD_SLOT(log.rotation_config_json)},
    {"Log.Format", DTMD_SLOT(log.format), 0, 0, "text|json"},
    {"TimeZoneOffset", DTMD_SLOT(time_zone_offset)},
    {"ConfigUpdateInterval", DTMD_SLOT(config_update_interval), 1, 86'400},
    {"AlertRetryLimit", DTMD_SLOT(alert_retry_limit), 1, 1'000'000},
    {"AlertWebHook", DTMD_SLOT(alert_web_hook)},
    {"AdminBasePath", DTMD_SLOT(admin_base_path)},
    {"GrpcServiceConfig", DTMD_SLOT(grpc_service_config)},
    {"GrpcBalancer", DTMD_SLOT(grpc_balancer)},
    {"Threads", DTMD_SLOT(threads), 0, 1'024},
    {"Limits.MaxBody", DTMD_SLOT(limits.max_body), 1'024, 1LL << 32},
    {"Limits.MaxHeader", DTMD_SLOT(limits.max_header), 1'024, 1 << 24},
    {"Limits.MaxConnections", DTMD_SLOT(limits.max_connections), 1, 10'000'000},
    {"Limits.HeaderTimeout", DTMD_SLOT(limits.header_timeout), 1, 86'400},
    {"Limits.BodyTimeout", DTMD_SLOT(limits.body_timeout), 1, 86'400},
    {"Limits.IdleTimeout", DTMD_SLOT(limits.idle_timeout), 1, 86'400},
    {"Limits.WriteTimeout", DTMD_SLOT(limits.write_timeout), 1, 86'400},
    {"Limits.PerHostConcurrency", DTMD_SLOT(limits.per_host_concurrency), 1, 1'000'000},
    {"Limits.MaxResident", DTMD_SLOT(limits.max_resident), 1, 100'000'000},
    {"Limits.MaxRetryInterval", DTMD_SLOT(limits.max_retry_interval), 1, century},
    {"Limits.MaxResponse", DTMD_SLOT(limits.max_response), 1'024, 1LL << 32},
    {"Limits.StopTimeout", DTMD_SLOT(limits.stop_timeout), 0, 86'400},
    {"Participants.TlsVerify", DTMD_SLOT(participants.tls_verify)},
    {"Participants.CaFile", DTMD_SLOT(participants.ca_file)},
    {"Compat.SafeResubmit", DTMD_SLOT(compat.safe_resubmit)},
    {"Compat.EmptyQueryPrepared", DTMD_SLOT(compat.empty_query_prepared)},
};

#undef DTMD_SLOT

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
        }
    }
    return row.back();
}

std::string assign_number(const Key& key, std::int64_t& out, const std::string& text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    if (!is_number || number < key.least || number > key.most) {
        return "expected a whole number from " + std::to_string(key.least) + " to " + std::to_string(key.most) + ", got '" + text + "'";
    }
    out = number;
    return {};
}

std::string assign_bool(bool& out, const std::string& text) {
    const std::string value = lower(text);
    if (value == "true" || value == "1" || value == "yes" || value == "on") {
        out = true;
    } else if (value == "false" || value == "0" || value == "no" || value == "off") {
        out = false;
    } else {
        return "expected true or false, got '" + text + "'";
    }
    return {};
}

std::string assign_text(const Key& key, std::string& out, const std::string& text) {
    if (!key.one_of.empty()) {
        const std::string wrapped = "|" + std::string(key.one_of) + "|";
        if (text.empty() || wrapped.find("|" + text + "|") == wrapped.npos) {
            return "expected one of " + std::string(key.one_of) + ", got '" + text + "'";
        }
    }
    out = text;
    return {};
}

}  // namespace

std::span<const Key> keys() { return table; }

std::string environment_name(std::string_view path) {
    std::string name;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const auto c = static_cast<unsigned char>(path[i]);
        if (c == '.') {
            name += '_';
            continue;
        }
        // A new word begins at a capital after a small letter; "JSON" and "MB" stay together.
        const bool starts_word = std::isupper(c) && i > 0 && path[i - 1] != '.' && std::islower(static_cast<unsigned char>(path[i - 1]));
        if (starts_word) name += '_';
        name += static_cast<char>(std::toupper(c));
    }
    return name;
}

const Key* find_key(std::string_view path) {
    const auto found = std::ranges::find(table, path, &Key::path);
    return found == std::end(table) ? nullptr : found;
}

const Key* find_key_any_case(std::string_view path) {
    const std::string wanted = lower(path);
    const auto found = std::ranges::find_if(table, [&](const Key& key) { return lower(key.path) == wanted; });
    return found == std::end(table) ? nullptr : found;
}

std::string_view nearest_path(std::string_view path) {
    const std::string wanted = lower(path);
    return std::ranges::min(table, {}, [&](const Key& key) { return edit_distance(lower(key.path), wanted); }).path;
}

bool is_section(std::string_view path) {
    const std::string start = std::string(path) + ".";
    return std::ranges::any_of(table, [&](const Key& key) { return key.path.starts_with(start); });
}

std::string assign(const Key& key, Config& config, const std::string& text) {
    const Slot slot = key.slot(config);
    if (const auto* const number = std::get_if<std::int64_t*>(&slot)) return assign_number(key, **number, text);
    if (const auto* const flag = std::get_if<bool*>(&slot)) return assign_bool(**flag, text);
    return assign_text(key, **std::get_if<std::string*>(&slot), text);
}

}  // namespace dtmd::config
