#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace dtmd::bench {

/// What the coordinator said to a request, whatever the protocol.
struct Answer {
    enum class Kind : std::uint8_t {
        success,
        failure,    ///< A definite no: the transaction was undone, or the request is not allowed.
        no_result,  ///< It goes on, but there is no result yet.
        busy,       ///< Not now: repeat it.
        lost,       ///< The connection broke, or could not be made.
        other,
    };
    Kind kind = Kind::other;
    std::string text;  ///< Of whatever is not a success.
};

/// One client's way to the coordinator: one transaction at a time, request by request. On one loop.
class Lane {
public:
    virtual ~Lane() = default;

    /// Makes the requests of the transaction `gid`, whose last branch refuses if `refused`. How many there are.
    virtual std::size_t begin(const std::string& gid, bool refused) = 0;

    /// Sends request `which`, and waits for its answer. It may be repeated.
    virtual boost::asio::awaitable<Answer> ask(std::size_t which) = 0;
};

using MakeLane = std::function<std::unique_ptr<Lane>()>;

}  // namespace dtmd::bench
