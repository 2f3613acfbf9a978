#include "unit/participant_grpc/running_caller.h"

#include <absl/synchronization/mutex.h>

namespace dtmd::participant {
namespace {

// As in the real process: Debian's Abseil looks for deadlocks, and is confused by the thread sanitizer.
[[maybe_unused]] const bool lets_locks_be = [] {
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    return true;
}();

}  // namespace

RunningCaller::RunningCaller(GrpcParticipantOptions options)
    : participant_(make_grpc_participant(loop_, std::move(options))), thread_([this] { loop_.run(); }) {}

RunningCaller::~RunningCaller() {
    loop_.stop();
    thread_.join();
}

std::future<Reply> RunningCaller::start(Call call) {
    auto promise = std::make_shared<std::promise<Reply>>();
    auto reply = promise->get_future();
    loop_.post([this, call = std::move(call), promise]() mutable {
        participant_->call(std::move(call), [promise](Reply answered) { promise->set_value(std::move(answered)); });
    });
    return reply;
}

Reply RunningCaller::call(std::string url, Millis timeout) {
    Call call = grpc_call_of(std::move(url));
    call.timeout = timeout;
    return start(std::move(call)).get();
}

void RunningCaller::destroy() {
    std::promise<void> done;
    loop_.post([&] {
        participant_.reset();
        done.set_value();
    });
    done.get_future().wait();
}

Call grpc_call_of(std::string url, std::string body) {
    Call call;
    call.url = std::move(url);
    call.protocol = "grpc";
    call.gid = "gs1";
    call.branch_id = "01";
    call.op = "action";
    call.trans_type = "saga";
    call.body = std::move(body);
    call.timeout = Millis(10'000);
    return call;
}

}  // namespace dtmd::participant
