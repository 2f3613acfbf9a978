#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <string>

namespace dtmd::app {

/// Where a server is: "http://127.0.0.1:36789".
struct ServerAddress {
    std::string host;
    std::uint16_t port = 80;

    std::string text() const { return "http://" + host + ":" + std::to_string(port); }
};

/// Errors: `invalid`, naming what is wrong with `url`. A path is allowed only as "/".
Result<ServerAddress> parse_server(const std::string& url);

struct ClientAnswer {
    unsigned status = 0;
    std::string body;
};

/// One HTTP request on a connection of its own; blocks until it is answered or `limit` has passed.
/// Errors: `unavailable` if the server can't be reached, `unknown` if it went away or kept silent after that.
Result<ClientAnswer> send_request(const ServerAddress& server, const std::string& method, const std::string& target,
                                  const std::string& body, Millis limit);

}  // namespace dtmd::app
