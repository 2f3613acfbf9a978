#pragma once

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace dtmd::store::postgres {

/// What a failed statement means for whoever sent it.
enum class Fault {
    lost,         ///< The connection broke: what was sent may have been done.
    rolled_back,  ///< Deadlock, serialization failure: not done, and it may be tried again at once.
    locked,       ///< Someone else has locked what it needs, for long: not done.
    demoted,      ///< This server takes no changes (any more): not done, try another host.
    duplicate,    ///< A unique key is taken: not done.
    mistaken,     ///< What was foretold is not so: not done.
    stale,        ///< What this connection knows of the server is out of date: not done, connect anew.
    refused,      ///< Anything else the server said no to: not done.
};

struct Failure {
    Fault fault = Fault::refused;
    std::string code{};  ///< SQLSTATE, if the server said one.
    std::string what{};  ///< One sentence: server, what it said, what to do.

    /// The server said it at a statement before the last one that it was sent, so that one was certainly not done.
    bool before_last = false;
};

/// What a statement or a connection came to.
template <class T>
using Attempt = boost::system::result<T, Failure>;

[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location&);

/// @param is_fatal  the server ended the connection with it.
Fault fault_of(std::string_view code, bool is_fatal);

/// The failure of `server` ("127.0.0.1:5432") that says `message`, with what can be done about it.
Failure failure_of(const std::string& server, std::string_view code, std::string_view message, bool is_fatal);

}  // namespace dtmd::store::postgres
