#pragma once

#include "net/asio_loop.h"

#include <grpcpp/completion_queue.h>

namespace dtmd::bench {

/// What waits on gRPC's queue. It stays alive until then.
class GrpcEvent {
public:
    virtual ~GrpcEvent() = default;

    /// What it had begun is over. On the loop's thread.
    virtual void proceed(bool ok) = 0;
};

/// How the loop's thread comes to be gRPC's as well, so that neither wakes the other: a bench shares its cores with
/// what it measures.
enum class Pace : std::uint8_t {
    by_queue,  ///< Sleeps until gRPC has something; the loop's own timers are up to 1 ms late.
    by_naps,   ///< Looks at both some ten thousand times a second.
};

/// Runs `loop` and what comes off `queue` on the calling thread, until loop.stop().
void run_with_grpc(net::AsioLoop& loop, grpc::CompletionQueue& queue, Pace pace);

}  // namespace dtmd::bench
