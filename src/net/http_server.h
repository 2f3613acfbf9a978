#pragma once

#include "base/result.h"
#include "net/asio_loop.h"
#include "net/http_types.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace dtmd::net {

struct HttpServerOptions {
    std::string host = "0.0.0.0";  ///< An address, or a name that resolves to one. "": all interfaces, IPv6 included.
    std::uint16_t port = 36789;    ///< 0: any free one, see HttpServer::port().
    std::size_t max_body = 16 << 20;       ///< Bytes; a larger body is answered 413 and the connection closed.
    std::size_t max_header = 64 << 10;     ///< Bytes of request line and headers; more is answered 431.
    Millis header_timeout{10'000};         ///< From the first byte of a request to the end of its headers: 408.
    Millis body_timeout{30'000};           ///< For the body after that: 408.
    Millis idle_timeout{75'000};           ///< Between requests: closed without a word.
    Millis write_timeout{30'000};          ///< For the peer to take the answer: closed.
    std::size_t max_connections = 20'000;  ///< More are accepted and closed at once with 503.
};

/// The HTTP/1.1 listener: keep-alive, pipelining (answered in order), limits, graceful stop. Knows no transactions.
///
/// One acceptor on the first loop; accepted connections are dealt to the loops in turn, since the kernel's own
/// spreading is uneven for a few connections. A request that can't be served is answered `{"message":"..."}`.
///
/// Destroy it on its first loop, or when none of its loops runs any more. Its handler is not called after that;
/// connections are cut, and a Respond that is still held has no effect, but must go before its loop does.
class HttpServer {
public:
    virtual ~HttpServer() = default;

    /// The port that is listened on.
    virtual std::uint16_t port() const = 0;

    /// Stops accepting, closes idle connections, lets requests that are being answered finish (their answers say
    /// `Connection: close`). `done` runs on the first loop when the last one is gone or `limit` has passed, when the
    /// rest is cut. Call on the first loop.
    virtual void stop(Millis limit, Task done) = 0;
};

/// Binds and listens; serving begins when the loops run. The loops must outlive the server.
/// Errors: `unavailable` with a message that names address, port, the reason (in use, no permission, no such
/// address) and what to do.
Result<std::unique_ptr<HttpServer>> listen_http(std::span<AsioLoop* const> loops, HttpServerOptions options,
                                                HttpHandler handler);

}  // namespace dtmd::net
