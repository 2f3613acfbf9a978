#include "participant/resolver/instance.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace dtmd::participant {
namespace {

// Whoever can write into a registry must not be able to write into requests.
bool is_host(std::string_view host) {
    return !host.empty() && std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == '_' || c == '[' || c == ']' || c == ':';
    });
}

bool is_port(std::string_view port) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    return error == std::errc() && end == port.data() + port.size() && number >= 1 && number <= 65535;
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

}  // namespace

std::optional<Instance> parse_instance(std::string_view text) {
    constexpr std::array<std::string_view, 4> schemes{"http", "https", "grpc", "grpcs"};
    Instance instance;
    text = trimmed(text);
    if (const auto end = text.find("://"); end != text.npos) {
        instance.scheme = text.substr(0, end);
        if (std::ranges::find(schemes, instance.scheme) == schemes.end()) return std::nullopt;
        text.remove_prefix(end + 3);
    }
    // kratos says in the query that a gRPC endpoint has TLS.
    if (text.find("isSecure=true") != text.npos && !instance.scheme.empty() && !instance.scheme.ends_with('s')) {
        instance.scheme += 's';
    }
    instance.address = text.substr(0, text.find_first_of("/?#"));
    const std::string_view address = instance.address;
    const auto colon = address.rfind(':');
    if (colon == address.npos || !is_port(address.substr(colon + 1))) return std::nullopt;
    const std::string_view host = address.substr(0, colon);
    const bool has_brackets = host.starts_with('[') && host.ends_with(']');
    const bool needs_brackets = host.find(':') != host.npos;
    if (!is_host(host) || needs_brackets != has_brackets) return std::nullopt;
    return instance;
}

Instances parse_instances(std::string_view list) {
    Instances instances;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (auto instance = parse_instance(list.substr(0, comma)); instance) instances.push_back(std::move(*instance));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return instances;
}

}  // namespace dtmd::participant
