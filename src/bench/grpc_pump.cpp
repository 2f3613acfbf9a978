#include "bench/grpc_pump.h"

#include <grpc/support/time.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <thread>

namespace dtmd::bench {
namespace {

constexpr std::chrono::microseconds nap{50};
constexpr int most_at_once = 256;  // Events before the loop's own work has its turn.

bool handle_one(grpc::CompletionQueue& queue, gpr_timespec deadline) {
    void* tag = nullptr;
    bool ok = false;
    if (queue.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) return false;
    static_cast<GrpcEvent*>(tag)->proceed(ok);
    return true;
}

}  // namespace

void run_with_grpc(net::AsioLoop& loop, grpc::CompletionQueue& queue, Pace pace) {
    auto& context = loop.context();
    const auto work = boost::asio::make_work_guard(context);
    const gpr_timespec at_once = gpr_time_0(GPR_CLOCK_MONOTONIC);
    while (!context.stopped()) {
        int handled = 0;
        while (handled < most_at_once && handle_one(queue, at_once)) ++handled;
        const std::size_t ran = context.poll();
        if (handled > 0 || ran > 0) continue;
        if (pace == Pace::by_naps) {
            std::this_thread::sleep_for(nap);
        } else {
            handle_one(queue, gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(1, GPR_TIMESPAN)));
        }
    }
}

}  // namespace dtmd::bench
