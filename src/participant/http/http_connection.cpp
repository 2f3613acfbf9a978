#include "participant/http/http_connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include <openssl/ssl.h>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_size = 8 * 1024;
constexpr std::uint32_t max_header = 64 * 1024;

}  // namespace

HttpConnection::HttpConnection(asio::io_context& context, asio::ssl::context* tls) : resolver_(context) {
    if (tls != nullptr) {
        tls_.emplace(context, *tls);
    } else {
        plain_.emplace(context);
    }
}

tcp::socket& HttpConnection::lowest() { return tls_ ? tls_->next_layer() : *plain_; }

void HttpConnection::close() {
    closed_ = true;
    resolver_.cancel();
    boost::system::error_code ignored;
    lowest().close(ignored);
}

asio::awaitable<Result<void>> HttpConnection::connect(std::string host, std::string port) {
    boost::system::error_code error;
    tcp::resolver::results_type endpoints;
    const auto address = asio::ip::make_address(host, error);
    if (!error) {
        const auto number = static_cast<std::uint16_t>(std::stoul(port));
        endpoints = tcp::resolver::results_type::create(tcp::endpoint(address, number), host, port);
    } else {
        auto [failed, found] = co_await resolver_.async_resolve(host, port, as_values);
        if (failed) co_return Error{Errc::unavailable, "cannot resolve " + host + ": " + failed.message()};
        endpoints = std::move(found);
    }
    if (closed_) co_return Error{Errc::unavailable, "given up"};
    const auto [refused, endpoint] = co_await asio::async_connect(lowest(), endpoints, as_values);
    if (refused) co_return Error{Errc::unavailable, "cannot connect to " + host + ":" + port + ": " + refused.message()};
    lowest().set_option(tcp::no_delay(true), error);
    lowest().non_blocking(true, error);
    if (!tls_) co_return Result<void>();

    SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
    tls_->set_verify_callback(asio::ssl::host_name_verification(host));
    const auto [unsafe] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_values);
    if (unsafe) {
        co_return Error{Errc::unavailable, "TLS with " + host + ":" + port + " failed: " + unsafe.message() +
                                               " (Participants.CaFile names the authorities that are trusted)"};
    }
    co_return Result<void>();
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

asio::awaitable<Result<void>> HttpConnection::read_message(Parser& parser) {
    while (true) {
        if (buffer_.size() > 0) {
            boost::system::error_code error;
            buffer_.consume(parser.put(buffer_.data(), error));
            if (error == http::error::body_limit) {
                co_return Error{Errc::unknown, "the answer is larger than Limits.MaxResponse allows"};
            }
            if (error && error != http::error::need_more) co_return Error{Errc::unknown, "the answer is not valid HTTP: " + error.message()};
            if (parser.is_done()) co_return Result<void>();
        }
        const boost::system::error_code failed = co_await read_some();
        if (!failed) continue;
        const bool ended = failed == asio::error::eof || failed == asio::ssl::error::stream_truncated;
        if (ended && parser.got_some()) {
            boost::system::error_code error;
            parser.put_eof(error);
            if (!error && parser.is_done()) co_return Result<void>();
        }
        const Errc code = received_ == 0 ? Errc::unavailable : Errc::unknown;
        co_return Error{code, "the connection was lost while waiting for the answer: " + failed.message()};
    }
}

asio::awaitable<Result<HttpAnswer>> HttpConnection::exchange(std::string request, std::size_t max_body) {
    received_ = 0;
    const boost::system::error_code unsent = co_await write_all(std::move(request));
    used_ = true;
    if (unsent) co_return Error{Errc::unavailable, "the request could not be sent: " + unsent.message()};
    while (true) {
        Parser parser;
        parser.eager(true);
        parser.header_limit(max_header);
        parser.body_limit(max_body);
        const Result<void> complete = co_await read_message(parser);
        if (!complete) co_return complete.error();
        const int status = parser.get().result_int();
        if (status >= 100 && status < 200) continue;  // Interim; the answer follows.
        HttpAnswer answer;
        answer.status = status;
        answer.keep_alive = parser.get().keep_alive() && !parser.need_eof() && buffer_.size() == 0;
        answer.body = std::move(parser.get().body());
        co_return answer;
    }
}

}  // namespace dtmd::participant
