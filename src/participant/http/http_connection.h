#pragma once

#include "base/result.h"
#include "participant/http/name_cache.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace dtmd::participant {

struct HttpAnswer {
    int status = 0;
    std::string body;
    bool keep_alive = false;
};

/// The settings for all TLS connections: at least TLS 1.2, certificates checked against `ca_file` (empty: the
/// system's) if `verify`. Throws std::runtime_error that names the file if it can't be used.
boost::asio::ssl::context make_tls_context(bool verify, const std::string& ca_file);

/// One connection to a participant, plain or TLS. All errors come back as values with a text for people.
class HttpConnection {
public:
    /// `tls`: null for a plain one.
    HttpConnection(boost::asio::io_context& context, boost::asio::ssl::context* tls);

    /// Tries the endpoints in turn, and shakes hands with TLS, which checks that the certificate is `host`'s.
    /// Errors: `unavailable`.
    boost::asio::awaitable<Result<void>> connect(Endpoints endpoints, std::string host);

    /// Sends the request and reads its answer. Errors: `unavailable` if the peer closed the connection before a
    /// single byte of the answer came (a kept-alive one had gone stale), `unknown` otherwise.
    boost::asio::awaitable<Result<HttpAnswer>> exchange(std::string request, std::size_t max_body);

    /// Ends whatever is under way: it fails with operation_aborted. Idempotent.
    void close();

    /// Whether an idle connection is of no more use: the peer has closed it, or sent what nobody asked for.
    bool has_gone_stale();

    std::chrono::steady_clock::time_point idle_since;

private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;
    boost::asio::awaitable<Result<void>> shake_hands(std::string host);
    boost::asio::awaitable<boost::system::error_code> write_all(std::string bytes);
    boost::asio::awaitable<boost::system::error_code> read_some();
    boost::asio::awaitable<Result<void>> read_message(Parser& parser, std::size_t max_body);
    boost::asio::ip::tcp::socket& lowest();

    std::optional<boost::asio::ip::tcp::socket> plain_;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket>> tls_;
    boost::beast::flat_buffer buffer_;
    std::size_t received_ = 0;  ///< Bytes of the present answer.
    bool closed_ = false;
};

}  // namespace dtmd::participant
