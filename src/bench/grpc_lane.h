#pragma once

#include "bench/grpc_script.h"
#include "bench/lane.h"
#include "net/asio_loop.h"
#include "proto/dtm_service.grpc.pb.h"

#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>

namespace dtmd::bench {

/// Over a channel that it shares with other lanes. Its thread is that of run_with_grpc() with the same queue.
class GrpcLane final : public Lane {
public:
    /// `script` and `queue` outlive it.
    GrpcLane(net::AsioLoop& loop, const Script& script, const std::shared_ptr<grpc::Channel>& channel,
             grpc::CompletionQueue& queue);

    /// Cancels the call under way, which still comes off the queue.
    ~GrpcLane() override;

    std::size_t begin(const std::string& gid, bool refused) override;
    boost::asio::awaitable<Answer> ask(std::size_t which) override;

private:
    class OpenCall;

    net::AsioLoop& loop_;
    const Script& script_;
    dtmgimp::Dtm::Stub stub_;
    grpc::CompletionQueue& queue_;
    std::vector<GrpcRequest> requests_;
    std::shared_ptr<OpenCall> call_;
};

/// So many channels to "HOST:PORT", each with a connection of its own.
std::vector<std::shared_ptr<grpc::Channel>> make_channels(const std::string& target, unsigned count);

}  // namespace dtmd::bench
