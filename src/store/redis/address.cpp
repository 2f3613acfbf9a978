#include "store/redis/address.h"

#include <charconv>

namespace dtmd::store::redis {

std::string Address::text() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(const std::string& text, std::uint16_t default_port) {
    const Error bad{Errc::invalid, "\"" + text + "\" is no address of a Redis server: write it as host:port."};
    std::string host = text, port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string::npos) return bad;
        host = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!port.empty() && port.front() != ':') return bad;
        if (!port.empty()) port.erase(0, 1);
    } else if (const auto colon = text.rfind(':'); colon != std::string::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (port.empty() || host.find(':') != std::string::npos) return bad;
    }
    std::uint16_t number = default_port;
    if (!port.empty()) {
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
        if (error != std::errc() || end != port.data() + port.size() || number == 0) return bad;
    }
    if (host.empty() || host.find_first_of(" \t/") != std::string::npos) return bad;
    return Address{.host = host, .port = number};
}

}  // namespace dtmd::store::redis
