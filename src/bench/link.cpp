#include "bench/link.h"

#include "bench/grpc_lane.h"
#include "bench/http_lane.h"

#include <fmt/format.h>

#include <algorithm>

namespace dtmd::bench {
namespace {

// Clients of gRPC share connections: many calls go over each.
constexpr unsigned most_channels = 8;

}  // namespace

Link::Link(net::AsioLoop& loop, Ledger& ledger, const Options& options, const Server& server)
    : loop_(loop),
      options_(options),
      server_(server),
      http_(loop, ledger, options.latency),
      grpc_(loop, ledger, options.latency) {}

Result<void> Link::open() {
    const auto& host = options_.participant;
    const std::uint16_t port = options_.participant_port;
    // It has the queue that our clients need as well.
    if (calls_by_grpc() || asks_by_grpc()) {
        const auto listening = grpc_.listen(host, calls_by_grpc() ? port : 0);
        if (!listening) return listening;
    }
    if (!calls_by_grpc()) {
        const auto listening = http_.listen(host, port);
        if (!listening) return listening;
    }
    script_.kind = *parse_kind(options_.mode);
    script_.branches = options_.branches;
    script_.payload = make_payload(options_.payload);
    script_.grpc_branches = calls_by_grpc();
    script_.participant = calls_by_grpc() ? fmt::format("{}:{}/busi.Busi", host, grpc_.port())
                                          : fmt::format("http://{}:{}", host, http_.port());
    script_.wait = !options_.watch;
    return {};
}

MakeLane Link::lanes() {
    if (!asks_by_grpc()) {
        return [this]() -> std::unique_ptr<Lane> {
            return std::make_unique<HttpLane>(loop_, script_, server_.endpoints, server_.authority);
        };
    }
    channels_ = make_channels(server_.authority, std::min(options_.connections, most_channels));
    return [this]() -> std::unique_ptr<Lane> {
        const auto& channel = channels_[turn_++ % channels_.size()];
        return std::make_unique<GrpcLane>(loop_, script_, channel, grpc_.queue());
    };
}

void Link::set_out(bool out) {
    http_.set_out(out);
    grpc_.set_out(out);
}

void Link::run() {
    if (!calls_by_grpc() && !asks_by_grpc()) return loop_.run();
    // The loop's own sockets and exact times can't wait for gRPC's queue.
    const bool needs_loop = !calls_by_grpc() || !asks_by_grpc() || options_.rate > 0;
    run_with_grpc(loop_, grpc_.queue(), needs_loop ? Pace::by_naps : Pace::by_queue);
}

}  // namespace dtmd::bench
