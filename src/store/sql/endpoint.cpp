#include "store/sql/endpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace dtmd::store::sql {
namespace {

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

std::optional<Endpoint> parse_one(std::string_view text, std::uint16_t usual_port) {
    Endpoint endpoint{.host = std::string(text), .port = usual_port};
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return std::nullopt;
        endpoint.host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
    } else if (std::ranges::count(text, ':') == 1) {  // More are an IPv6 address without a port.
        endpoint.host = text.substr(0, text.find(':'));
        rest = text.substr(text.find(':'));
    }
    if (endpoint.host.empty()) return std::nullopt;
    if (rest.empty()) return endpoint;
    const auto port = rest.starts_with(':') ? parse_port(rest.substr(1)) : std::nullopt;
    if (!port) return std::nullopt;
    endpoint.port = *port;
    return endpoint;
}

}  // namespace

Result<std::vector<Endpoint>> parse_endpoints(const std::string& text, std::uint16_t usual_port) {
    std::vector<Endpoint> all;
    std::string_view rest = text;
    while (true) {
        const auto comma = std::min(rest.find(','), rest.size());
        const std::string_view part = trimmed(rest.substr(0, comma));
        const auto endpoint = parse_one(part, usual_port);
        if (!endpoint) {
            return Error{Errc::invalid, "store host '" + std::string(part) +
                                            "': expected a host name or address, with a port from 1 to 65535 behind a "
                                            "colon if it isn't the usual one"};
        }
        all.push_back(*endpoint);
        if (comma == rest.size()) return all;
        rest.remove_prefix(comma + 1);
    }
}

}  // namespace dtmd::store::sql
