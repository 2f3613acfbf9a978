#pragma once

#include "base/loop.h"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dtmd::net {

/// A whole request: method(), target() (path and query as sent), fields, body().
using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

struct HttpResponse {
    unsigned status = 200;
    std::string body;
    std::string_view content_type = "application/json; charset=utf-8";  ///< A literal.
    std::vector<std::pair<std::string, std::string>> headers;  ///< Beyond Content-Type, Content-Length, Connection.
};

/// Answers one request. Runs on the connection's shard, later or at once, exactly once; what is sent is sent after it
/// has returned. Dropped without having been called, it answers 500. Kept for ever, it keeps the connection open until
/// the server stops.
using Respond = absl::AnyInvocable<void(HttpResponse)>;

/// Called on the connection's shard, whose loop is `home`. Must not block or throw for bad input.
using HttpHandler = std::function<void(HttpRequest request, Loop& home, Respond respond)>;

}  // namespace dtmd::net
