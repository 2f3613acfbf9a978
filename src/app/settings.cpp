#include "app/settings.h"

#include "app/version.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>
#include <thread>

namespace dtmd::app {
namespace {

Millis seconds(std::int64_t count) { return std::chrono::seconds(count); }

std::vector<std::string> split_list(const std::string& text) {
    std::vector<std::string> items;
    std::istringstream stream(text);
    for (std::string item; std::getline(stream, item, ',');) {
        const auto first = item.find_first_not_of(" \t");
        if (first == std::string::npos) continue;
        items.push_back(item.substr(first, item.find_last_not_of(" \t") - first + 1));
    }
    return items;
}

spdlog::level::level_enum level_of(const std::string& name) {
    if (name == "debug") return spdlog::level::debug;
    if (name == "warn") return spdlog::level::warn;
    if (name == "error") return spdlog::level::err;
    return spdlog::level::info;
}

// dtm hands RotationConfigJSON to a library of its own; what we can follow of it are size (in MB) and number.
void set_rotation(log::Options& options, const std::string& text) {
    constexpr std::size_t default_megabytes = 100, default_files = 5;
    const auto document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    const auto number = [&](const char* key, std::size_t otherwise) {
        const bool is_given = document.is_object() && document.contains(key) && document[key].is_number_unsigned();
        const std::size_t value = is_given ? document[key].get<std::size_t>() : 0;
        return value == 0 ? otherwise : value;
    };
    options.rotate_bytes = number("maxsize", default_megabytes) << 20;
    options.rotate_files = number("maxbackups", default_files);
}

// Redis expires its keys itself.
Millis finished_kept(const config::Store& store) {
    if (store.driver == "redis") return Millis{0};
    return seconds(store.driver == "rocksdb" ? store.data_expire : store.retention);
}

}  // namespace

log::Options log_options(const config::Config& config) {
    log::Options options;
    options.level = level_of(config.log_level);
    options.format = config.log.format == "json" ? log::Format::json : log::Format::text;
    options.outputs = split_list(config.log.outputs);
    if (config.log.rotation_enable != 0) set_rotation(options, config.log.rotation_config_json);
    return options;
}

net::HttpServerOptions listener_options(const config::Config& config) {
    const config::Limits& limits = config.limits;
    net::HttpServerOptions options;
    options.host = config.host;
    options.port = static_cast<std::uint16_t>(config.http_port);
    options.max_body = static_cast<std::size_t>(limits.max_body);
    options.max_header = static_cast<std::size_t>(limits.max_header);
    options.header_timeout = seconds(limits.header_timeout);
    options.body_timeout = seconds(limits.body_timeout);
    options.idle_timeout = seconds(limits.idle_timeout);
    options.write_timeout = seconds(limits.write_timeout);
    options.max_connections = static_cast<std::size_t>(limits.max_connections);
    return options;
}

api::GrpcServerOptions grpc_listener_options(const config::Config& config) {
    api::GrpcServerOptions options;
    options.host = config.host;
    options.port = static_cast<std::uint16_t>(config.grpc_port);
    options.max_message = static_cast<std::size_t>(config.limits.max_body);
    options.max_metadata = static_cast<std::size_t>(config.limits.max_header);
    options.handshake_timeout = seconds(config.limits.header_timeout);
    options.tls_cert_file = config.grpc.tls_cert_file;
    options.tls_key_file = config.grpc.tls_key_file;
    options.tls_client_ca_file = config.grpc.tls_client_ca_file;
    return options;
}

participant::GrpcParticipantOptions grpc_participant_options(const config::Config& config) {
    participant::GrpcParticipantOptions options;
    options.service_config = config.grpc_service_config;
    options.tls = config.participants.grpc_tls;
    options.verify_tls = config.participants.tls_verify;
    options.ca_file = config.participants.ca_file;
    options.max_response = static_cast<std::size_t>(config.limits.max_response);
    options.docker = config.is_docker;
    return options;
}

participant::HttpParticipantOptions participant_options(const config::Config& config) {
    participant::HttpParticipantOptions options;
    options.verify_tls = config.participants.tls_verify;
    options.ca_file = config.participants.ca_file;
    options.max_response = static_cast<std::size_t>(config.limits.max_response);
    options.docker = config.is_docker;
    return options;
}

engine::Settings engine_settings(const config::Config& config) {
    engine::Settings settings;
    settings.policy.timeout_to_fail = config.timeout_to_fail;
    settings.policy.retry_interval = config.retry_interval;
    settings.policy.max_retry_interval = seconds(config.limits.max_retry_interval);
    settings.policy.submit_without_check_back = config.compat.empty_query_prepared;
    settings.request_timeout = seconds(config.request_timeout);
    settings.claim_interval = seconds(config.trans_cron_interval);
    settings.topics_interval = seconds(config.config_update_interval);
    settings.lazy_branch_results = config.update_branch_sync == 0;
    settings.safe_resubmit = config.compat.safe_resubmit;
    settings.per_host_concurrency = static_cast<std::size_t>(config.limits.per_host_concurrency);
    settings.max_resident = static_cast<std::size_t>(config.limits.max_resident);
    settings.alert_retry_limit = config.alert_retry_limit;
    settings.finished_kept = finished_kept(config.store);
    return settings;
}

api::ApiOptions api_options(const config::Config& config) {
    api::ApiOptions options;
    options.version = version_text;
    options.timeout_to_fail = config.timeout_to_fail;
    options.admin_base_path = config.admin_base_path;
    return options;
}

std::size_t shard_count(const config::Config& config) {
    if (config.threads > 0) return static_cast<std::size_t>(config.threads);
    return std::max(1u, std::thread::hardware_concurrency());
}

std::string time_zone(const std::string& offset) {
    const auto digits = offset.find_first_of("0123456789");
    if (digits == std::string::npos) return {};
    std::string hours = offset.substr(digits);
    if (hours.size() == 1) hours.insert(0, "0");  // A zone's name has at least three characters.
    // POSIX counts west of Greenwich, people and dtm count east.
    const bool is_west = offset.front() == '-';
    return std::string(is_west ? "<-" : "<+") + hours + (is_west ? ">+" : ">-") + hours;
}

bool is_open_to_all(const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

std::string alert_json(const engine::Alert& alert) {
    // nlohmann's default object sorts its keys, which is the order dtm sends.
    const nlohmann::json body{{"branch", alert.branch_url},
                              {"error", alert.error},
                              {"gid", alert.gid},
                              {"retry_count", alert.retry_count},
                              {"status", alert.status}};
    return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace dtmd::app
