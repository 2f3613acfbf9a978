#pragma once

#include "base/result.h"

#include <compare>
#include <cstdint>
#include <string>

namespace dtmd::store::redis {

/// Where a server listens.
struct Address {
    std::string host;
    std::uint16_t port = 0;

    auto operator<=>(const Address&) const = default;
    std::string text() const;  ///< "host:port"
};

/// "host", "host:port", "[::1]:port". Errors: `invalid`.
Result<Address> parse_address(const std::string& text, std::uint16_t default_port);

}  // namespace dtmd::store::redis
