#include "config/internal.h"

#include <array>
#include <charconv>

namespace dtmd::config {
namespace {

void check_driver(Loaded& loaded, std::vector<std::string>& problems) {
    std::string& driver = loaded.config.store.driver;
    if (driver == "boltdb") {
        driver = "rocksdb";
        loaded.notes.push_back("Store.Driver: boltdb means the embedded store here, which is rocksdb; its files are in Store.Path");
    }
    if (driver == "rocksdb") return;
    for (const char* const known : {"mysql", "postgres", "redis", "sqlserver"}) {
        if (driver != known) continue;
        problems.push_back("Store.Driver: '" + driver + "' is not available in this build: use rocksdb, the embedded store");
        return;
    }
    problems.push_back("Store.Driver: expected rocksdb, got '" + driver + "'");
}

void check_time_zone(const Config& config, std::vector<std::string>& problems) {
    std::string_view offset = config.time_zone_offset;
    if (offset.empty()) return;
    if (offset.front() == '+') offset.remove_prefix(1);
    int hours = 0;
    const auto [end, error] = std::from_chars(offset.data(), offset.data() + offset.size(), hours);
    if (error == std::errc() && end == offset.data() + offset.size() && hours >= -14 && hours <= 14) return;
    problems.push_back("TimeZoneOffset: expected hours from -14 to +14, got '" + config.time_zone_offset + "'");
}

}  // namespace

void check(Loaded& loaded, std::vector<std::string>& problems) {
    const Config& config = loaded.config;
    check_driver(loaded, problems);
    check_time_zone(config, problems);
    if (config.store.path.empty()) problems.push_back("Store.Path: must name a folder");
    if (!config.admin_base_path.empty() && config.admin_base_path.front() != '/') {
        problems.push_back("AdminBasePath: must start with '/', got '" + config.admin_base_path + "'");
    }
    const std::string& hook = config.alert_web_hook;
    if (!hook.empty() && !hook.starts_with("http://") && !hook.starts_with("https://")) {
        problems.push_back("AlertWebHook: expected an http:// or https:// URL");
    }
    if (config.timeout_to_fail < config.retry_interval) {
        loaded.warnings.push_back("TimeoutToFail (" + std::to_string(config.timeout_to_fail) + " s) is below RetryInterval (" +
                                  std::to_string(config.retry_interval) + " s): dtm would refuse that");
    }
}

}  // namespace dtmd::config
