#pragma once

#include "api/grpc/grpc_server.h"
#include "app/discovery.h"
#include "app/store_watch.h"
#include "base/system_random.h"
#include "config/config.h"
#include "engine/coordinator.h"
#include "net/http_server.h"
#include "participant/http/alert_hook.h"
#include "participant/participant.h"

#include <memory>
#include <thread>
#include <vector>

namespace dtmd::app {

/// A running coordinator: the one place that knows every room and how they hang together.
///
/// Threads: start, stop and destroy it on one thread that belongs to none of its loops.
class Node {
public:
    /// Opens the store, then listens. When this returns, requests are answered.
    /// Errors: `unavailable` with one sentence for the user: the store, or the port.
    static Result<std::unique_ptr<Node>> start(const config::Config& config);

    /// Cuts what is still open, writes out the store's queue, and joins all threads.
    ~Node();

    std::uint16_t port() const { return server_->port(); }
    /// 0: gRPC is switched off.
    std::uint16_t grpc_port() const { return grpc_server_ ? grpc_server_->port() : std::uint16_t{0}; }
    std::size_t shards() const { return shards_.size(); }

    /// Accepts nothing new, lets what is under way end for up to `limit`, gives leases back. `stopped` then runs on
    /// the first loop. Call once.
    void stop(Millis limit, Task stopped);

private:
    struct Shard {
        explicit Shard(const WallClock& clock) : loop(&clock) {}

        net::AsioLoop loop;
        SystemRandom random;
        std::unique_ptr<participant::Participant> participant;
    };

    Node(const config::Config& config, const Discovery& discovery);
    Result<void> open_store(const config::Config& config);
    void make_engine(const config::Config& config);
    Result<void> listen(const config::Config& config);
    Result<void> listen_grpc(const config::Config& config);
    void make_known(std::vector<RegistryPlace> places);
    void run();
    void stop_serving(Millis limit, Task stopped);

    // Destroyed from the bottom up: whoever is called back goes before whoever calls it.
    WallClock clock_;
    std::unique_ptr<observe::Metrics> metrics_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::unique_ptr<participant::Directory> directory_;
    std::unique_ptr<participant::AlertHook> alerts_;  ///< Null: nobody wants alerts.
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<StoreWatch> watch_;  ///< Null: the store is ours alone.
    std::unique_ptr<engine::Coordinator> coordinator_;
    std::unique_ptr<net::HttpServer> server_;
    std::unique_ptr<api::GrpcServer> grpc_server_;  ///< Null: gRPC is switched off.
    std::unique_ptr<Registration> registration_;    ///< Null: this node is in no registry.
    std::vector<std::thread> threads_;
};

}  // namespace dtmd::app
