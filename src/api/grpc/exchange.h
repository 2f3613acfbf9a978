#pragma once

#include "engine/engine.h"
#include "observe/metrics.h"

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <string_view>

namespace dtmd::api {

/// The rpcs that are not over yet. Those that come while we are stopping are answered, but not waited for.
struct OpenCalls {
    std::atomic<std::size_t> count{0};
    std::atomic<bool> stopping{false};
};

/// One rpc that waits for its answer, and what is counted about it.
///
/// Threads: answers may come from any thread, and the client may take the call back meanwhile; the first one counts.
/// Owners: gRPC, until it is done with the call, and the engine's reply.
class GrpcExchange final : public grpc::ServerUnaryReactor {
public:
    /// @param calls  outlives it until gRPC is done with the call.
    /// @param name  of the rpc in the metrics (a literal).
    static std::shared_ptr<GrpcExchange> open(observe::ApiMetrics& metrics, OpenCalls& calls, std::string_view name);

    GrpcExchange(observe::ApiMetrics& metrics, OpenCalls& calls, std::string_view name);

    /// True for exactly one caller, who may fill the response message and then has to call finish(). For all others
    /// the call, its messages included, may be gone already.
    bool claim() { return !claimed_.exchange(true, std::memory_order_acq_rel); }
    void finish(const grpc::Status& status);

    /// claim() and finish(), if nobody was first.
    void answer(const engine::Answer& answer);
    void refuse(const Error& error);

private:
    void OnCancel() override;
    void OnDone() override;

    observe::ApiMetrics& metrics_;
    OpenCalls& calls_;
    const bool is_counted_;
    std::string_view name_;
    std::chrono::steady_clock::time_point began_;
    std::atomic<bool> claimed_{false};
    std::shared_ptr<GrpcExchange> self_;  ///< gRPC's share.
};

using ExchangePtr = std::shared_ptr<GrpcExchange>;

/// An answer of the engine in gRPC (protocol.md 3.3): the only place where its kinds become status codes.
grpc::Status to_status(const engine::Answer& answer);

/// A reply that sends the engine's answer as it is.
engine::Reply reply_to(ExchangePtr exchange);

/// A reply that has `fill(value)` write the response on success.
template <class T, class Fill>
engine::ReplyWith<T> reply_with(ExchangePtr exchange, Fill fill) {
    return [exchange = std::move(exchange), fill = std::move(fill)](engine::Answer answer, T value) mutable {
        if (!exchange->claim()) return;
        if (answer.kind == engine::Answer::Kind::success) fill(std::move(value));
        exchange->finish(to_status(answer));
    };
}

}  // namespace dtmd::api
