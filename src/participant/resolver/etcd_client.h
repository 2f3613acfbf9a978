#pragma once

#include "base/result.h"
#include "base/time.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dtmd::participant {

struct EtcdOptions {
    std::vector<std::string> endpoints;  ///< "host:port" of each member.
    std::string user, password;          ///< Empty: etcd asks for none.
    Millis timeout{2'000};               ///< For one answer of one member.
};

/// Members as they stand in addresses and settings: "host:port,host:port". A missing port is 2379.
std::vector<std::string> etcd_endpoints(std::string_view list);

struct EtcdRange {
    std::vector<std::pair<std::string, std::string>> items;  ///< Keys and values, in the order of the keys.
    std::int64_t revision = 0;                               ///< Of the whole store when it was read.
};

/// Not a bool: a result that holds one is itself convertible to one, and easily becomes it.
enum class LeaseState : std::uint8_t { alive, gone };

enum class Watched : std::uint8_t { changed, quiet, lost };

/// etcd v3, by the JSON gateway that every member has. Each call is tried on every member in turn, beginning with the
/// one that answered last. Errors: `unavailable`, with what each member said.
///
/// One call at a time. The coroutines may only be destroyed together with the io_context.
class EtcdClient {
public:
    EtcdClient(boost::asio::io_context& context, EtcdOptions options);

    /// Everything whose key begins with `prefix`.
    boost::asio::awaitable<Result<EtcdRange>> read(std::string prefix);

    /// Returns when something below `prefix` has changed since `revision`, when that can't be followed any more, or
    /// when `limit` has passed. So: read again.
    boost::asio::awaitable<Watched> wait_for_change(std::string prefix, std::int64_t revision, Millis limit);

    /// A new lease.
    boost::asio::awaitable<Result<std::int64_t>> grant(std::chrono::seconds ttl);
    /// Keeps the lease for another time, if it still exists.
    boost::asio::awaitable<Result<LeaseState>> keep_alive(std::int64_t lease);
    boost::asio::awaitable<Result<void>> put(std::string key, std::string value, std::int64_t lease);
    /// Ends the lease, and with it all keys under it. One that doesn't exist counts as ended.
    boost::asio::awaitable<Result<void>> revoke(std::int64_t lease);

private:
    struct Answer {
        unsigned status = 0;
        std::string body;
    };
    boost::asio::awaitable<Result<std::string>> call(std::string path, std::string body);
    boost::asio::awaitable<Result<Answer>> call_member(std::string path, std::string body);
    boost::asio::awaitable<Result<Answer>> exchange(std::string path, std::string body);
    boost::asio::awaitable<Result<void>> log_in();

    boost::asio::io_context& context_;
    EtcdOptions options_;
    std::size_t member_ = 0;
    std::string token_;
};

}  // namespace dtmd::participant
