#include "txn/service_url.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dtmd::txn {
namespace {

constexpr std::array<std::string_view, 4> wires{"http", "https", "grpc", "grpcs"};
constexpr std::array<std::string_view, 6> schemes{"etcd", "discov", "discovery", "static", "dns", "srv"};

// Whether the authority is the service itself. What has a port is a DNS server: names of SRV records have none.
bool names_service(std::string_view scheme, std::string_view authority) {
    if (authority.empty()) return false;
    if (scheme == "srv") return authority.find(':') == authority.npos;
    return scheme == "static" || scheme == "dns";
}

}  // namespace

std::optional<ServiceUrl> split_service_url(std::string_view url) {
    const auto scheme_end = url.find("://");
    if (scheme_end == url.npos) return std::nullopt;
    ServiceUrl parts;
    parts.scheme = url.substr(0, scheme_end);
    if (const auto plus = parts.scheme.find('+'); plus != url.npos) {
        parts.wire = parts.scheme.substr(0, plus);
        parts.scheme.remove_prefix(plus + 1);
        if (std::ranges::find(wires, parts.wire) == wires.end()) return std::nullopt;
    }
    if (std::ranges::find(schemes, parts.scheme) == schemes.end()) return std::nullopt;

    const auto end_of = [&](std::size_t start) { return std::min(url.find_first_of("/?#", start), url.size()); };
    const std::size_t authority = scheme_end + 3;
    std::size_t end = end_of(authority);
    parts.authority = url.substr(authority, end - authority);
    if (names_service(parts.scheme, parts.authority)) {
        parts.service = std::exchange(parts.authority, {});
    } else if (end < url.size() && url[end] == '/') {
        const std::size_t service = end + 1;
        end = end_of(service);
        parts.service = url.substr(service, end - service);
    }
    parts.rest = url.substr(end);
    parts.name = url.substr(0, end);
    return parts;
}

}  // namespace dtmd::txn
