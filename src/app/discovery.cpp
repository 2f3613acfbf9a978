#include "app/discovery.h"

#include "txn/service_url.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace dtmd::app {
namespace {

using nlohmann::json;
using participant::Layout;

constexpr std::string_view only_etcd = ": this version registers with etcd only; it runs without an entry there";

Error invalid(std::string_view setting, std::string_view what) {
    return {Errc::invalid, std::string(setting).append(": ").append(what)};
}

// As the libraries behind dtm's drivers lay their services out. Ours are `etcd`, and what dtm calls its HTTP driver.
std::optional<Layout> layout_of(std::string_view driver) {
    if (driver == "dtm-driver-gozero") return Layout::go_zero;
    if (driver == "dtm-driver-kratos" || driver == "dtm-driver-sponge") return Layout::kratos;
    if (driver == "etcd" || driver == "dtm-driver-http") return Layout::plain;
    return std::nullopt;
}

bool is_set(std::string_view driver) { return !driver.empty() && driver != "default"; }

std::string string_in(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<void> read_options(const std::string& text, participant::DirectoryOptions& directory) {
    const std::string_view setting = "HttpMicroService.RegistryOptions";
    const json options = json::parse(text.empty() ? "{}" : text, nullptr, /*allow_exceptions=*/false);
    // Its text may hold a password.
    if (!options.is_object()) return invalid(setting, "expected a JSON object (its text is not shown)");
    directory.etcd_user = string_in(options, "UserName");
    directory.etcd_password = string_in(options, "Password");
    const auto services = options.find("Services");
    if (services == options.end()) return {};
    if (!services->is_object()) return invalid(setting, "Services: expected an object of lists of addresses");
    for (const auto& [name, list] : services->items()) {
        if (!list.is_string() || participant::parse_instances(list.get<std::string>()).empty()) {
            return invalid(setting, "Services." + name + R"(: expected "host:port,host:port")");
        }
        directory.lists[name] = list.get<std::string>();
    }
    return {};
}

// dtm's sample has JSON here, for nacos.
std::string service_in(const std::string& target) {
    if (!target.starts_with('{')) return target;
    const json parts = json::parse(target, nullptr, /*allow_exceptions=*/false);
    return parts.is_object() ? string_in(parts, "ServiceName") : std::string();
}

Result<participant::Instance> read_end_point(std::string_view setting, const std::string& text,
                                             std::string_view scheme) {
    auto instance = participant::parse_instance(text);
    if (!instance) {
        return invalid(setting, "expected the address under which clients reach this node, such as host:" +
                                    std::string(scheme == "grpc" ? "36790" : "36789") + ", got '" + text + "'");
    }
    if (instance->scheme.empty()) instance->scheme = scheme;
    return *instance;
}

participant::EtcdOptions etcd_at(std::string_view members, const participant::DirectoryOptions& directory) {
    participant::EtcdOptions etcd;
    etcd.endpoints = participant::etcd_endpoints(members);
    etcd.user = directory.etcd_user;
    etcd.password = directory.etcd_password;
    return etcd;
}

Result<void> read_grpc(const config::Config& config, Discovery& discovery) {
    const config::MicroService& settings = config.micro_service;
    if (!is_set(settings.driver) || settings.target.empty()) return {};
    const auto target = txn::split_service_url(settings.target);
    const auto layout = layout_of(settings.driver);
    const bool is_etcd = target && (target->scheme == "etcd" || target->scheme == "discov");
    if (!layout || !is_etcd) {
        discovery.warnings.push_back("MicroService (" + settings.driver + ", " + settings.target + ")" +
                                     std::string(only_etcd));
        return {};
    }
    if (target->authority.empty() || target->service.empty()) {
        return invalid("MicroService.Target", "expected etcd://host:port/service, got '" + settings.target + "'");
    }
    discovery.directory.etcd = target->authority;
    if (config.grpc_port < 0) {
        discovery.warnings.emplace_back("MicroService: gRPC is switched off (GrpcPort), so nothing is registered");
        return {};
    }
    auto instance = read_end_point("MicroService.EndPoint", settings.end_point, "grpc");
    if (!instance) return instance.error();
    discovery.places.push_back(
        {etcd_at(target->authority, discovery.directory), *layout, std::string(target->service), std::move(*instance)});
    return {};
}

Result<void> read_http(const config::HttpMicroService& settings, Discovery& discovery) {
    if (settings.registry_type == "etcd" && discovery.directory.etcd.empty()) {
        discovery.directory.etcd = settings.registry_address;
    }
    if (!is_set(settings.driver) || settings.target.empty()) return {};
    const auto layout = layout_of(settings.driver);
    if (!layout || settings.registry_type != "etcd") {
        discovery.warnings.push_back("HttpMicroService (" + settings.driver + ", " + settings.registry_type + ")" +
                                     std::string(only_etcd));
        return {};
    }
    const std::string service = service_in(settings.target);
    if (service.empty() || service.find('/') != service.npos) {
        return invalid("HttpMicroService.Target", "expected the name of the service, got '" + settings.target + "'");
    }
    participant::EtcdOptions etcd = etcd_at(settings.registry_address, discovery.directory);
    if (etcd.endpoints.empty()) {
        return invalid("HttpMicroService.RegistryAddress", "expected etcd's host:port,host:port, got nothing");
    }
    auto instance = read_end_point("HttpMicroService.EndPoint", settings.end_point, "http");
    if (!instance) return instance.error();
    discovery.places.push_back({std::move(etcd), *layout, service, std::move(*instance)});
    return {};
}

}  // namespace

Result<Discovery> read_discovery(const config::Config& config) {
    Discovery discovery;
    const auto options = read_options(config.http_micro_service.registry_options, discovery.directory);
    if (!options) return options.error();
    const auto grpc = layout_of(config.micro_service.driver), http = layout_of(config.http_micro_service.driver);
    // Most have one registry for both.
    discovery.resolving.grpc_layout = grpc.value_or(http.value_or(Layout::plain));
    discovery.resolving.http_layout = http.value_or(grpc.value_or(Layout::plain));
    const auto grpc_read = read_grpc(config, discovery);
    if (!grpc_read) return grpc_read.error();
    const auto http_read = read_http(config.http_micro_service, discovery);
    if (!http_read) return http_read.error();
    return discovery;
}

}  // namespace dtmd::app
