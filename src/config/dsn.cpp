#include "config/internal.h"

#include <charconv>
#include <optional>

namespace dtmd::config {
namespace {

// No part of what was given is shown: with one character wrong, the password may be in any of them.
constexpr const char* expected = "expected user:password@tcp(host:port)/database";

struct Address {
    std::string_view host, port = "3306";
};

std::optional<Address> read_address(std::string_view text) {
    if (text.starts_with('[')) {  // [::1]:3306
        const auto close = text.find(']');
        if (close == text.npos) return std::nullopt;
        Address address{text.substr(1, close - 1)};
        const std::string_view rest = text.substr(close + 1);
        if (rest.empty()) return address;
        if (rest.front() != ':') return std::nullopt;
        address.port = rest.substr(1);
        return address;
    }
    const auto colon = text.find(':');
    Address address{text.substr(0, colon)};
    if (colon != text.npos) address.port = text.substr(colon + 1);
    return address;
}

std::optional<std::int64_t> read_port(std::string_view text) {
    std::int64_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) return std::nullopt;
    return port;
}

}  // namespace

std::string read_dsn(std::string_view dsn, Store& store) {
    constexpr std::string_view before_address = "@tcp(";
    const auto at = dsn.rfind(before_address);  // A password may hold it as well.
    if (at == dsn.npos) return expected;
    const auto start = at + before_address.size();
    const auto close = dsn.find(')', start);
    if (close == dsn.npos || dsn.substr(close + 1, 1) != "/") return expected;

    const auto address = read_address(dsn.substr(start, close - start));
    if (!address || address->host.empty()) return std::string(expected) + "; the host is missing";
    const auto port = read_port(address->port);
    if (!port) return std::string(expected) + "; the port must be a number from 1 to 65535";

    const std::string_view login = dsn.substr(0, at), rest = dsn.substr(close + 2);
    const auto colon = login.find(':');
    store.user = login.substr(0, colon);
    store.password = colon == login.npos ? std::string_view() : login.substr(colon + 1);
    store.host = address->host;
    store.port = *port;
    if (const std::string_view db = rest.substr(0, rest.find('?')); !db.empty()) store.db = db;
    return {};
}

}  // namespace dtmd::config
