#include "participant/resolver/layout.h"

#include <nlohmann/json.hpp>

namespace dtmd::participant {
namespace {

using nlohmann::json;

Instances read_kratos(std::string_view value) {
    constexpr std::size_t max_value = 64 * 1024;  // Bounds how deeply it can be nested.
    if (value.size() > max_value) return {};
    const json document = json::parse(value, nullptr, /*allow_exceptions=*/false);
    const auto endpoints = document.is_object() ? document.find("endpoints") : document.end();
    if (!document.is_object() || endpoints == document.end() || !endpoints->is_array()) return {};
    Instances instances;
    for (const json& endpoint : *endpoints) {
        if (!endpoint.is_string()) continue;
        if (auto instance = parse_instance(endpoint.get_ref<const std::string&>()); instance) {
            instances.push_back(std::move(*instance));
        }
    }
    return instances;
}

}  // namespace

std::string key_prefix(Layout layout, std::string_view service) {
    std::string prefix;
    if (layout == Layout::plain) prefix = "/services/";
    if (layout == Layout::kratos) prefix = "/microservices/";
    return prefix.append(service).append("/");
}

Instances read_entry(Layout layout, std::string_view key, std::string_view value) {
    if (layout == Layout::kratos) return read_kratos(value);
    std::string_view text = value;
    if (layout == Layout::plain && text.empty()) text = key.substr(key.rfind('/') + 1);
    const auto instance = parse_instance(text);
    return instance ? Instances{*instance} : Instances{};
}

RegistryEntry make_entry(Layout layout, std::string_view service, const Instance& instance, std::int64_t lease,
                         std::string_view id) {
    const std::string prefix = key_prefix(layout, service);
    if (layout == Layout::plain) return {prefix + instance.address, instance.address};
    if (layout == Layout::go_zero) return {prefix + std::to_string(lease), instance.address};
    const json value{{"id", id},
                     {"name", service},
                     {"version", ""},
                     {"metadata", json::object()},
                     {"endpoints", json::array({instance.scheme + "://" + instance.address})}};
    return {prefix + std::string(id), value.dump()};
}

}  // namespace dtmd::participant
