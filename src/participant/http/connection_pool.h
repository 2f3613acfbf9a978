#pragma once

#include "participant/http/http_connection.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dtmd::participant {

/// Kept-alive connections that wait for their next call, by origin ("http://host:port"). The one used last is taken
/// first, so that what isn't needed any more grows old and goes.
class ConnectionPool {
public:
    using Clock = std::chrono::steady_clock;

    ConnectionPool(std::size_t max_per_origin, std::chrono::milliseconds idle_limit)
        : max_per_origin_(max_per_origin), idle_limit_(idle_limit) {}

    /// Null if none waits.
    std::unique_ptr<HttpConnection> take(std::string_view origin);
    void keep(std::string_view origin, std::unique_ptr<HttpConnection> connection);

    /// Closes those that have waited too long, and those whose peer has closed. Needed about once a second.
    void sweep(Clock::time_point now);

    void clear() { idle_.clear(); }
    bool empty() const { return idle_.empty(); }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    using Waiting = std::vector<std::unique_ptr<HttpConnection>>;

    std::size_t max_per_origin_;
    std::chrono::milliseconds idle_limit_;
    std::unordered_map<std::string, Waiting, Hash, std::equal_to<>> idle_;
};

}  // namespace dtmd::participant
