#include "app/demo/client.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>

#include <charconv>

namespace dtmd::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

struct Exchange {
    ServerAddress server;
    http::request<http::string_body> request;
    Millis limit;
};

asio::awaitable<void> reach(beast::tcp_stream& stream, ServerAddress server) {
    asio::ip::tcp::resolver resolver(stream.get_executor());
    const std::string port = std::to_string(server.port);
    const auto endpoints = co_await resolver.async_resolve(server.host, port, asio::use_awaitable);
    co_await stream.async_connect(endpoints, asio::use_awaitable);
}

// `was_sent` tells the caller, when this throws, whether the server may have seen the request.
asio::awaitable<ClientAnswer> exchange(Exchange work, bool& was_sent) {
    const auto executor = co_await asio::this_coro::executor;
    beast::tcp_stream stream(executor);
    stream.expires_after(work.limit);
    co_await reach(stream, work.server);
    was_sent = true;
    co_await http::async_write(stream, work.request, asio::use_awaitable);

    beast::flat_buffer buffer;
    http::response<http::string_body> response;
    co_await http::async_read(stream, buffer, response, asio::use_awaitable);
    ClientAnswer answer;
    answer.status = response.result_int();
    answer.body = std::move(response.body());
    co_return answer;
}

}  // namespace

Result<ServerAddress> parse_server(const std::string& url) {
    const Error wrong{Errc::invalid, "--server: expected http://HOST:PORT, got '" + url + "'"};
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed || parsed->scheme() != "http" || parsed->host().empty()) return wrong;
    if (parsed->path() != "" && parsed->path() != "/") return wrong;
    ServerAddress address;
    address.host = parsed->host_address();
    if (!parsed->has_port()) return address;

    // Not port_number(): it takes 99999 for a port.
    const std::string_view text(parsed->port().data(), parsed->port().size());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), address.port);
    if (error != std::errc() || end != text.data() + text.size() || address.port == 0) return wrong;
    return address;
}

Result<ClientAnswer> send_request(const ServerAddress& server, const std::string& method, const std::string& target,
                                  const std::string& body, Millis limit) {
    Exchange work{.server = server, .request = {}, .limit = limit};
    work.request.method_string(method);
    work.request.target(target);
    work.request.version(11);
    work.request.set(http::field::host, server.host + ":" + std::to_string(server.port));
    work.request.set(http::field::content_type, "application/json");
    work.request.keep_alive(false);
    work.request.body() = body;
    work.request.prepare_payload();

    bool was_sent = false;
    try {
        asio::io_context context(1);
        auto answer = asio::co_spawn(context, exchange(std::move(work), was_sent), asio::use_future);
        context.run();
        return answer.get();
    } catch (const boost::system::system_error& error) {
        const Errc code = was_sent ? Errc::unknown : Errc::unavailable;
        return Error{code, server.text() + " does not answer (" + error.code().message() + ")"};
    }
}

}  // namespace dtmd::app
