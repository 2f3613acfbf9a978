#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dtmd::store::sql {

/// Where a database server listens.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const Endpoint&) const = default;

    std::string text() const {
        return host.find(':') == host.npos ? host + ":" + std::to_string(port)
                                           : "[" + host + "]:" + std::to_string(port);
    }
};

/// Reads "db1,db2:3307,[::1]:3308": hosts in the order in which they are tried; `usual_port` where none is given.
///
/// Errors: `invalid`, naming the part that can't be read.
Result<std::vector<Endpoint>> parse_endpoints(const std::string& text, std::uint16_t usual_port);

}  // namespace dtmd::store::sql
