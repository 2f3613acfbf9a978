#include "bench/server.h"

#include "net/asio_loop.h"
#include "participant/http/http_connection.h"
#include "proto/dtm_service.grpc.pb.h"

#include <grpcpp/create_channel.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/url/parse.hpp>
#include <nlohmann/json.hpp>

namespace dtmd::bench {
namespace {

constexpr std::chrono::seconds patience{5};

Result<participant::Endpoints> resolve(net::AsioLoop& loop, const std::string& url) {
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed || parsed->scheme() != "http" || parsed->host().empty()) {
        return Error{Errc::invalid, "--server: expected http://HOST:PORT, got '" + url + "'"};
    }
    boost::asio::ip::tcp::resolver resolver(loop.context());
    boost::system::error_code error;
    const std::string port = parsed->has_port() ? std::string(parsed->port()) : "36789";
    const auto found = resolver.resolve(parsed->host_address(), port, error);
    if (error) return Error{Errc::unavailable, url + ": " + error.message()};
    participant::Endpoints endpoints;
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
    return endpoints;
}

boost::asio::awaitable<Result<std::string>> ask_version(net::AsioLoop& loop, Server server, std::string url) {
    participant::HttpConnection connection(loop.context(), nullptr);
    const auto connected = co_await connection.connect(std::move(server.endpoints), "");
    if (!connected) co_return Error{Errc::unavailable, url + " does not answer: " + connected.error().what};
    std::string request = "GET /api/dtmsvr/version HTTP/1.1\r\nHost: " + server.authority + "\r\n\r\n";
    constexpr std::size_t enough = 64 << 10;
    const auto answer = co_await connection.exchange(std::move(request), enough);
    if (!answer) co_return Error{Errc::unavailable, url + " does not answer: " + answer.error().what};
    const auto document = nlohmann::json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object() || !document.contains("version") || !document["version"].is_string()) {
        co_return Error{Errc::unavailable, url + " does not speak dtm's protocol: /api/dtmsvr/version says " +
                                               answer->body.substr(0, 100)};
    }
    co_return document["version"].get<std::string>();
}

Result<Server> find_over_http(const std::string& url) {
    net::AsioLoop loop;
    const auto endpoints = resolve(loop, url);
    if (!endpoints) return endpoints.error();
    Server server;
    server.endpoints = *endpoints;
    server.authority = url.substr(url.find("://") + 3);
    auto asked = boost::asio::co_spawn(loop.context(), ask_version(loop, server, url), boost::asio::use_future);
    loop.context().run();
    const auto version = asked.get();
    if (!version) return version.error();
    server.version = *version;
    return server;
}

Result<Server> find_over_grpc(const std::string& url) {
    Server server;
    server.authority = url.starts_with("grpc://") ? url.substr(7) : url;
    const auto stub = dtmgimp::Dtm::NewStub(grpc::CreateChannel(server.authority, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience);
    dtmgimp::DtmGidReply reply;
    const grpc::Status status = stub->NewGid(&context, {}, &reply);
    if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
        return Error{Errc::unavailable, url + " does not speak dtm's protocol: " + status.error_message()};
    }
    if (!status.ok()) return Error{Errc::unavailable, url + " does not answer: " + status.error_message()};
    return server;
}

}  // namespace

Result<Server> find_server(const Options& options) {
    return options.protocol == "grpc" ? find_over_grpc(options.server) : find_over_http(options.server);
}

}  // namespace dtmd::bench
