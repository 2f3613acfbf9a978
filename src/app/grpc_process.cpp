#include "app/grpc_process.h"

#include "observe/log.h"

#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>

#include <atomic>
#include <chrono>

namespace dtmd::app {
namespace {

// Whoever reaches the port can bring about as many of these as they like.
bool is_first_of_its_second() {
    static std::atomic<std::int64_t> last{0};
    const auto now = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::seconds(1);
    return last.exchange(now, std::memory_order_relaxed) != now;
}

void write(gpr_log_func_args* said) {
    if (said->severity == GPR_LOG_SEVERITY_ERROR && is_first_of_its_second()) {
        log::warn("grpc.library", {{"message", said->message}});
    } else {
        log::debug("grpc.library", {{"message", said->message}});
    }
}

}  // namespace

void prepare_grpc() {
    gpr_set_log_function(write);
    // Debian builds Abseil so that it looks for cycles at each lock, 3 % of a gRPC saga, and ends the process on one.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

}  // namespace dtmd::app
