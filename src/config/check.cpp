#include "config/internal.h"
#include "config/keys.h"
#include "config/names.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>

namespace dtmd::config {
namespace {

bool is_listed(std::string_view word, std::string_view list) {
    const auto words = split(list, '|');
    return std::ranges::find(words, word) != words.end();
}

void check_driver(Loading& loading) {
    std::string& driver = loading.config.store.driver;
    if (driver == "boltdb") {
        driver = "rocksdb";
        loading.notes.push_back(loading.place("Store.Driver").name +
                                ": boltdb is taken for rocksdb, the embedded store; its files are in Store.Path");
    }
}

// Several addresses in one key may each have a port, so only their presence is looked at.
void check_database(Loading& loading) {
    const Store& store = loading.config.store;
    if (!is_listed(store.driver, "mysql|postgres|redis")) return;
    const auto demand = [&](std::string_view path, const std::string& value, std::string_view what) {
        if (value.empty()) loading.problems.add(loading.place(path), std::string(what));
    };
    demand("Store.Host", store.host, "the store " + store.driver + " needs the address of its server");
    if (store.driver == "redis") return;
    demand("Store.User", store.user, "the store " + store.driver + " needs a user");
    demand("Store.Db", store.db, "must name a database");
    if (store.driver == "postgres") demand("Store.Schema", store.schema, "must name a schema");
}

void check_time_zone(Loading& loading) {
    const std::string_view offset = loading.config.time_zone_offset;
    if (offset.empty()) return;
    const std::string_view digits = offset.substr(offset.find_first_not_of("+-") == 1 ? 1 : 0);
    unsigned hours = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), hours);
    if (error == std::errc() && end == digits.data() + digits.size() && hours <= 14) return;
    loading.problems.add(loading.place("TimeZoneOffset"),
                         "expected hours from -14 to +14, got '" + std::string(offset) + "'");
}

// dtm's library takes JSON, and so does YAML.
void check_rotation(Loading& loading) {
    const Log& log = loading.config.log;
    if (log.rotation_enable == 0 || log.rotation_config_json.empty()) return;
    try {
        if (YAML::Load(log.rotation_config_json).IsMap()) return;
    } catch (const YAML::Exception&) {
    }
    loading.problems.add(loading.place("Log.RotationConfigJSON"),
                         R"(expected a JSON object like {"maxsize":100,"maxbackups":5})");
}

void check_web(Loading& loading) {
    const Config& config = loading.config;
    if (!config.admin_base_path.empty() && config.admin_base_path.front() != '/') {
        loading.problems.add(loading.place("AdminBasePath"),
                             "must begin with '/', got '" + config.admin_base_path + "'");
    }
    // Not shown: such addresses hold tokens.
    const std::string_view hook = config.alert_web_hook;
    const std::size_t scheme = hook.starts_with("http://") ? 7 : hook.starts_with("https://") ? 8 : 0;
    const bool has_host = scheme > 0 && hook.size() > scheme && hook.find_first_of("/?#", scheme) != scheme;
    if (hook.empty() || has_host) return;
    loading.problems.add(loading.place("AlertWebHook"), "expected a URL like https://host/path");
}

void check_times(Loading& loading) {
    const Config& config = loading.config;
    const auto seconds = [](std::int64_t value) { return std::to_string(value) + " s"; };
    if (config.timeout_to_fail < config.retry_interval) {
        loading.warnings.add(loading.place("TimeoutToFail"),
                             seconds(config.timeout_to_fail) + " is less than RetryInterval (" +
                                 seconds(config.retry_interval) +
                                 "): a failed call is not repeated before the transaction times out");
    }
    if (config.limits.max_retry_interval < config.retry_interval) {
        loading.warnings.add(loading.place("Limits.MaxRetryInterval"),
                             seconds(config.limits.max_retry_interval) + " is less than RetryInterval (" +
                                 seconds(config.retry_interval) + "), which it shortens");
    }
}

std::string without_effect(const Key& key, const std::string& driver) {
    if (!key.no_effect.empty()) return std::string(key.no_effect);
    if (key.drivers.empty() || is_listed(driver, key.drivers)) return {};
    std::string stores(key.drivers);
    std::ranges::replace(stores, '|', '/');
    return "only for Store.Driver " + stores + ", and it is " + driver;
}

// One warning for all the keys with the same reason.
void check_effect(Loading& loading) {
    const Config defaults;
    std::map<std::string, Place> places;
    for (const Key& key : keys()) {
        if (text_of(key, loading.config) == text_of(key, defaults)) continue;
        const std::string reason = without_effect(key, loading.config.store.driver);
        if (reason.empty()) continue;
        const Place here = loading.place(key.path);
        const auto [place, is_first] = places.emplace(reason, here);
        // Several keys may have come from one connection string.
        if (!is_first && !place->second.name.ends_with(here.name)) place->second.name += ", " + here.name;
    }
    for (const auto& [reason, place] : places) loading.warnings.add(place, "without effect: " + std::string(reason));
}

}  // namespace

void check(Loading& loading) {
    check_driver(loading);
    check_database(loading);
    if (loading.config.store.path.empty()) loading.problems.add(loading.place("Store.Path"), "must name a folder");
    check_time_zone(loading);
    check_rotation(loading);
    check_web(loading);
    check_times(loading);
    check_effect(loading);
}

}  // namespace dtmd::config
