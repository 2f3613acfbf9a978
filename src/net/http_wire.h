#pragma once

#include "net/http_server.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

// What the listener says and refuses, without a socket.
namespace dtmd::net {

using RequestParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

/// Why a request is not served. Sent as `{"message":"..."}`; the connection is closed after it.
struct Refusal {
    unsigned status;
    std::string message;
};

/// What is around a body on the wire.
struct Envelope {
    bool keep_alive = true;
    bool http_1_0 = false;    ///< The peer speaks 1.0, where keeping a connection must be said.
    bool head_only = false;   ///< The answer to a HEAD: the body's length, but not the body.
    std::string_view date{};  ///< For the Date header; empty: none.
};

/// Status line, headers and body, ready to be sent. Control characters in header values become spaces.
std::string serialize(const HttpResponse& response, const Envelope& envelope);

/// An answer whose body is `{"message":"<message>"}`.
HttpResponse message_response(unsigned status, std::string_view message);

/// The answer to what the parser could not or would not take.
Refusal refusal_of(const boost::system::error_code& error, const HttpServerOptions& options);

/// What is wrong with a header section that the parser has taken, if anything. What two servers could read
/// differently is refused here, since one of them may be a proxy in front of us (request smuggling).
std::optional<Refusal> complaint_about(const RequestParser& parser);

/// Whether what the parser has left over, `size` bytes of it, is more than may stand between two chunks or after them.
/// The parser itself has no limit for that.
std::optional<Refusal> complaint_about_rest(const RequestParser& parser, std::size_t size,
                                            const HttpServerOptions& options);

/// The path and query of a target that names scheme and host as well, as requests to a proxy do; others unchanged.
std::string origin_form(std::string_view target);

/// The present moment as HTTP writes it, computed once a second. One per loop.
class DateLine {
public:
    std::string_view now();

private:
    std::time_t second_ = 0;
    std::string text_;
};

}  // namespace dtmd::net
