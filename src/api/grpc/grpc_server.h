#pragma once

#include "engine/engine.h"
#include "observe/metrics.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// dtm's gRPC surface (protocol.md 3), with server reflection and the standard health service beside it.
namespace dtmd::api {

struct GrpcServerOptions {
    std::string host = "0.0.0.0";             ///< An address or a name. "": all interfaces, IPv6 included.
    std::uint16_t port = 36790;               ///< 0: any free one, see GrpcServer::port().
    std::size_t max_message = 16 << 20;       ///< Bytes; a larger request is answered RESOURCE_EXHAUSTED.
    std::size_t max_metadata = 64 << 10;      ///< Bytes of a request's metadata.
    Millis handshake_timeout{10'000};         ///< For a new connection's preface, TLS included.
    std::string tls_cert_file, tls_key_file;  ///< PEM; both empty: plaintext.
    std::string tls_client_ca_file;           ///< PEM; clients must show a certificate of these authorities.
};

/// The gRPC listener. It has threads of its own (gRPC's), which only read requests; the engine is called on its loops.
///
/// Destroy it while its loops run or after, but before the engine: open calls are cancelled, and what is posted to the
/// loops by then runs without it.
class GrpcServer {
public:
    virtual ~GrpcServer() = default;

    /// The port that is listened on.
    virtual std::uint16_t port() const = 0;

    /// Says so to health checks and lets open calls be answered; further ones are left to the engine, which refuses
    /// them. When the last one is over or `limit` has passed, it ends all connections, and `done` runs on the first
    /// loop. Call once, on the first loop.
    virtual void stop(Millis limit, Task done) = 0;
};

/// Listens; calls are answered when the loops run. The health service follows Engine::health, a second behind.
/// `loops`, `engine` and `metrics` must outlive the server.
/// Errors: `unavailable` with a message that names the address or the file, the reason and what to do.
Result<std::unique_ptr<GrpcServer>> listen_grpc(std::vector<Loop*> loops, engine::Engine& engine,
                                                observe::ApiMetrics& metrics, GrpcServerOptions options);

}  // namespace dtmd::api
