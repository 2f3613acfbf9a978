#pragma once

#include "base/result.h"
#include "participant/http/http_request.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace dtmd::participant {

struct HttpAnswer {
    int status = 0;
    std::string body;
    bool keep_alive = false;
};

/// One connection to a participant, plain or TLS. All errors come back as values with a text for people.
class HttpConnection {
public:
    HttpConnection(boost::asio::io_context& context, boost::asio::ssl::context* tls);

    /// Resolves, connects, and shakes hands with TLS.
    boost::asio::awaitable<Result<void>> connect(std::string host, std::string port);

    /// Sends the request and reads its answer. Errors: `unavailable` if the connection was closed before a single byte
    /// of the answer came (a kept-alive one had gone stale), `unknown` otherwise.
    boost::asio::awaitable<Result<HttpAnswer>> exchange(std::string request, std::size_t max_body);

    /// Ends whatever is under way: it fails with operation_aborted. Idempotent.
    void close();

    bool was_used() const { return used_; }
    std::chrono::steady_clock::time_point idle_since;

private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;
    boost::asio::awaitable<boost::system::error_code> write_all(std::string bytes);
    boost::asio::awaitable<boost::system::error_code> read_some();
    boost::asio::awaitable<Result<void>> read_message(Parser& parser);
    boost::asio::ip::tcp::socket& lowest();

    std::optional<boost::asio::ip::tcp::socket> plain_;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket>> tls_;
    boost::asio::ip::tcp::resolver resolver_;
    boost::beast::flat_buffer buffer_;
    bool used_ = false;
    bool closed_ = false;
    std::size_t received_ = 0;
};

}  // namespace dtmd::participant
