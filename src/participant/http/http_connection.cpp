#include "participant/http/http_connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include <poll.h>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_size = 8 * 1024;
constexpr std::uint32_t max_header = 64 * 1024;

bool peer_closed(const boost::system::error_code& error) {
    return error == asio::error::eof || error == asio::error::connection_reset || error == asio::error::broken_pipe ||
           error == asio::ssl::error::stream_truncated;
}

Error bad_answer(const boost::system::error_code& error, std::size_t max_body) {
    if (error == http::error::body_limit) {
        return {Errc::unknown, "the answer is larger than " + std::to_string(max_body) + " bytes (Limits.MaxResponse)"};
    }
    return {Errc::unknown, "the answer is not valid HTTP: " + error.message()};
}

Error lost(const boost::system::error_code& error, bool has_begun) {
    if (has_begun) return {Errc::unknown, "the connection ended in the middle of the answer: " + error.message()};
    const Errc code = peer_closed(error) ? Errc::unavailable : Errc::unknown;
    return {code, "the connection ended before an answer came: " + error.message()};
}

}  // namespace

HttpConnection::HttpConnection(asio::io_context& context, asio::ssl::context* tls) {
    if (tls != nullptr) {
        tls_.emplace(context, *tls);
    } else {
        plain_.emplace(context);
    }
}

tcp::socket& HttpConnection::lowest() { return tls_ ? tls_->next_layer() : *plain_; }

void HttpConnection::close() {
    closed_ = true;
    boost::system::error_code ignored;
    lowest().close(ignored);
}

bool HttpConnection::has_gone_stale() {
    pollfd look{lowest().native_handle(), POLLIN | POLLRDHUP, 0};
    if (poll(&look, 1, 0) == 0) return false;
    // TLS 1.3 servers send session tickets after the handshake, unasked and rightly so.
    return plain_ || look.revents != POLLIN;
}

asio::awaitable<Result<void>> HttpConnection::connect(Endpoints endpoints, std::string host) {
    if (closed_) co_return Error{Errc::unavailable, "given up"};
    const auto [error, endpoint] = co_await asio::async_connect(lowest(), endpoints, as_values);
    if (error) co_return Error{Errc::unavailable, "cannot connect: " + error.message()};
    boost::system::error_code ignored;
    lowest().set_option(tcp::no_delay(true), ignored);
    lowest().non_blocking(true, ignored);
    if (!tls_) co_return Result<void>();
    co_return co_await shake_hands(std::move(host));
}

asio::awaitable<boost::system::error_code> HttpConnection::write_all(std::string bytes) {
    if (tls_) {
        const auto [error, count] = co_await asio::async_write(*tls_, asio::buffer(bytes), as_values);
        co_return error;
    }
    // Nearly always the kernel takes all of it at once.
    boost::system::error_code error;
    std::size_t sent = plain_->write_some(asio::buffer(bytes), error);
    if (!error && sent == bytes.size()) co_return error;
    if (error && error != asio::error::would_block && error != asio::error::try_again) co_return error;
    if (error) sent = 0;
    const auto rest = asio::buffer(bytes.data() + sent, bytes.size() - sent);
    const auto [failed, count] = co_await asio::async_write(*plain_, rest, as_values);
    co_return failed;
}

asio::awaitable<boost::system::error_code> HttpConnection::read_some() {
    const auto space = buffer_.prepare(read_size);
    std::size_t received = 0;
    boost::system::error_code failed;
    if (tls_) {
        const auto [error, count] = co_await tls_->async_read_some(space, as_values);
        failed = error;
        received = count;
    } else {
        const auto [error, count] = co_await plain_->async_read_some(space, as_values);
        failed = error;
        received = count;
    }
    buffer_.commit(received);
    received_ += received;
    co_return failed;
}

asio::awaitable<Result<void>> HttpConnection::read_message(Parser& parser, std::size_t max_body) {
    parser.eager(true);
    parser.header_limit(max_header);
    parser.body_limit(max_body);
    while (true) {
        boost::system::error_code error;
        while (buffer_.size() > 0 && !error && !parser.is_done()) buffer_.consume(parser.put(buffer_.data(), error));
        if (error && error != http::error::need_more) co_return bad_answer(error, max_body);
        if (parser.is_done()) co_return Result<void>();
        // The parser has no limit for what stands between chunks or after them.
        if (parser.is_header_done() && buffer_.size() > max_header) {
            error = http::error::header_limit;
            co_return bad_answer(error, max_body);
        }
        const boost::system::error_code failed = co_await read_some();
        if (!failed) continue;
        // A body without a length ends with the connection. Over TLS the peer must say so, or the end of the body,
        // and with it perhaps the word that matters, may have been cut off.
        if (failed == asio::error::eof && parser.got_some()) {
            error = {};
            parser.put_eof(error);
            if (!error && parser.is_done()) co_return Result<void>();
        }
        co_return lost(failed, received_ > 0);
    }
}

asio::awaitable<Result<HttpAnswer>> HttpConnection::exchange(std::string request, std::size_t max_body) {
    received_ = 0;
    // A peer that won't take the whole request may have said why: so its answer is read in any case.
    const boost::system::error_code unsent = co_await write_all(std::move(request));
    while (true) {
        Parser parser;
        const Result<void> complete = co_await read_message(parser, max_body);
        if (!complete) co_return complete.error();
        const int status = parser.get().result_int();
        if (status >= 100 && status < 200 && status != 101) continue;  // Interim; the answer follows.
        HttpAnswer answer;
        answer.status = status;
        answer.keep_alive = !unsent && parser.get().keep_alive() && !parser.need_eof() && buffer_.size() == 0;
        answer.body = std::move(parser.get().body());
        co_return answer;
    }
}

}  // namespace dtmd::participant
