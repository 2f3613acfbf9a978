#pragma once

#include "base/result.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dtmd::participant {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// Finds the addresses of hosts, and remembers them for a few seconds. Numeric addresses are not looked up.
///
/// Asio looks names up one after another on a thread of its own, so one name whose servers don't answer delays the
/// others. Hence whoever asks for the same name shares one look-up, and a host that was known goes on with its old
/// addresses while it is looked up anew. Used on one loop; owned by who uses it and by the look-ups under way.
class NameCache : public std::enable_shared_from_this<NameCache> {
public:
    explicit NameCache(boost::asio::io_context& context) : context_(context), resolver_(context) {}

    /// `port` is a number. Errors: `unavailable`.
    boost::asio::awaitable<Result<Endpoints>> find(std::string host, std::string port);

private:
    struct Entry {
        explicit Entry(boost::asio::io_context& context) : answered(context, Clock::time_point::max()) {}

        Endpoints endpoints;  ///< The last ones that were found.
        std::string error;    ///< Why the last look-up found nothing; empty if it did.
        bool is_looked_up = false;
        std::chrono::steady_clock::time_point fresh_until, usable_until;
        boost::asio::steady_timer answered;  ///< Cancelled when a look-up has ended.
    };
    using Clock = std::chrono::steady_clock;
    using Key = std::pair<std::string, std::string>;

    void look_up(const Key& key, std::shared_ptr<Entry> entry);
    void forget_the_old(Clock::time_point now);

    boost::asio::io_context& context_;
    boost::asio::ip::tcp::resolver resolver_;
    std::map<Key, std::shared_ptr<Entry>> entries_;
};

}  // namespace dtmd::participant
