#include "api/grpc/grpc_server.h"

#include "api/grpc/dtm_service.h"
#include "api/grpc/grpc_credentials.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <mutex>
#include <thread>

namespace dtmd::api {
namespace {

namespace asio = boost::asio;

constexpr Millis health_interval{1'000}, stop_check{20};
constexpr auto keep_alive_ms = 60'000, keep_alive_timeout_ms = 20'000;
// Clients that ping more often are sent away (gRPC's own limit is five minutes, which many clients' settings break).
constexpr auto least_ping_interval_ms = 5'000;
// Only reflection needs them: one that waits for work, and as many as may have a stream of it open at a time.
constexpr auto reflection_threads = 8;
constexpr auto most_streams = 4'096;  // Open calls of one connection; further ones wait at the client.

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

// gRPC doesn't say why it can't listen; the same attempt by hand does.
std::string why_not(const std::string& host, std::uint16_t port) {
    asio::io_context context;
    asio::ip::tcp::resolver resolver(context);
    boost::system::error_code error;
    const auto found = resolver.resolve(host.empty() ? "0.0.0.0" : host, std::to_string(port), error);
    if (error) return error.message() + "; set Host to an address of this machine";
    asio::ip::tcp::acceptor acceptor(context);
    acceptor.open(found.begin()->endpoint().protocol(), error);
    if (!error) acceptor.bind(*found.begin(), error);
    if (!error) acceptor.listen(1, error);
    if (error == asio::error::address_in_use) return "another process uses this port; end it or set GrpcPort";
    if (error == asio::error::access_denied) return "not permitted; ports below 1024 need the right to use them";
    return error ? error.message() : "gRPC can't use it";
}

/// Tells the health service what the engine says. Owners: the server and the loop's next look.
class HealthWatch : public std::enable_shared_from_this<HealthWatch> {
public:
    HealthWatch(Loop& loop, engine::Engine& engine, grpc::HealthCheckServiceInterface& service)
        : loop_(loop), engine_(engine), service_(&service) {
        show(true);
    }

    void look() {
        if (has_ended()) return;
        engine_.health(loop_, [self = shared_from_this()](const engine::Answer& answer) {
            self->show(answer.kind == engine::Answer::Kind::success);
            self->loop_.after(health_interval, [self] { self->look(); });
        });
    }

    /// After this the service is not touched any more.
    void end() {
        const std::lock_guard lock(mutex_);
        if (service_ != nullptr) service_->Shutdown();
        service_ = nullptr;
    }

private:
    bool has_ended() {
        const std::lock_guard lock(mutex_);
        return service_ == nullptr;
    }

    void show(bool well) {
        const std::lock_guard lock(mutex_);
        if (service_ == nullptr) return;
        service_->SetServingStatus(well);
        service_->SetServingStatus(dtmgimp::Dtm::service_full_name(), well);
    }

    Loop& loop_;
    engine::Engine& engine_;
    std::mutex mutex_;  // The server may end it from another thread.
    grpc::HealthCheckServiceInterface* service_;
};

class Server final : public GrpcServer {
public:
    Server(std::vector<Loop*> loops, engine::Engine& engine, observe::ApiMetrics& metrics)
        : first_(*loops.front()), engine_(engine), service_(std::move(loops), engine, metrics) {}

    ~Server() override {
        if (health_) health_->end();
        if (stopper_.joinable()) stopper_.join();
        if (server_) server_->Shutdown(std::chrono::system_clock::now());
    }

    Result<void> listen(const GrpcServerOptions& options) {
        const auto credentials = make_credentials(options);
        if (!credentials) return credentials.error();
        // Where the machine has no IPv6, "all interfaces" are those of IPv4.
        bool is_open = options.host.empty()
                           ? open("[::]", options, *credentials) || open("0.0.0.0", options, *credentials)
                           : open(bracketed(options.host), options, *credentials);
        if (!is_open) {
            const std::string address =
                bracketed(options.host.empty() ? "0.0.0.0" : options.host) + ":" + std::to_string(options.port);
            return Error{Errc::unavailable,
                         "cannot listen on " + address + " for gRPC: " + why_not(options.host, options.port)};
        }
        health_ = std::make_shared<HealthWatch>(first_, engine_, *server_->GetHealthCheckService());
        first_.post([health = health_] { health->look(); });
        return {};
    }

    std::uint16_t port() const override { return static_cast<std::uint16_t>(port_); }

    void stop(Millis limit, Task done) override {
        health_->end();
        service_.open_calls().stopping = true;
        // gRPC would also wait for streams of health and reflection, which may have no end. And it blocks.
        stopper_ = std::thread([this, limit, done = std::move(done)]() mutable {
            const auto deadline = std::chrono::steady_clock::now() + limit;
            while (service_.open_calls().count > 0 && std::chrono::steady_clock::now() < deadline) {
                std::this_thread::sleep_for(stop_check);
            }
            server_->Shutdown(std::chrono::system_clock::now());
            first_.post(std::move(done));
        });
    }

private:
    bool open(const std::string& host, const GrpcServerOptions& options,
              const std::shared_ptr<grpc::ServerCredentials>& credentials) {
        grpc::ServerBuilder builder;
        builder.AddListeningPort(host + ":" + std::to_string(options.port), credentials, &port_);
        builder.RegisterService(&service_);
        builder.SetMaxReceiveMessageSize(static_cast<int>(std::min<std::size_t>(options.max_message, INT_MAX)));
        builder.SetMaxSendMessageSize(-1);
        builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(options.max_metadata));
        builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                                   static_cast<int>(options.handshake_timeout.count()));
        // Two processes on one port would share its clients without anybody noticing.
        builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
        builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, keep_alive_ms);
        builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keep_alive_timeout_ms);
        builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
        builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, least_ping_interval_ms);
        builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, most_streams);
        builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
        builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
        builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
        grpc::ResourceQuota quota("dtmd");
        quota.SetMaxThreads(reflection_threads);
        builder.SetResourceQuota(quota);
        server_ = builder.BuildAndStart();
        return server_ != nullptr;
    }

    Loop& first_;
    engine::Engine& engine_;
    DtmService service_;
    std::unique_ptr<grpc::Server> server_;
    std::shared_ptr<HealthWatch> health_;
    std::thread stopper_;
    int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<GrpcServer>> listen_grpc(std::vector<Loop*> loops, engine::Engine& engine,
                                                observe::ApiMetrics& metrics, GrpcServerOptions options) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    auto server = std::make_unique<Server>(std::move(loops), engine, metrics);
    const auto listening = server->listen(options);
    if (!listening) return listening.error();
    return std::unique_ptr<GrpcServer>(std::move(server));
}

}  // namespace dtmd::api
