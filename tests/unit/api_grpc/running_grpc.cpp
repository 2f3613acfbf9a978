#include "unit/api_grpc/running_grpc.h"

#include <absl/synchronization/mutex.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <future>
#include <stdexcept>

namespace dtmd::api {
namespace {

// As in the real process: Debian's Abseil looks for deadlocks, and is confused by the thread sanitizer.
[[maybe_unused]] const bool lets_locks_be = [] {
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    return true;
}();

}  // namespace

void WaitingEngine::submit(Loop& home, txn::Transaction, engine::Reply reply) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({&home, std::move(reply)});
    changed_.notify_all();
}

bool WaitingEngine::wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_.size() >= count; });
}

void WaitingEngine::answer_all(engine::Answer with) {
    const std::lock_guard lock(mutex_);
    for (Waiting& one : waiting_) {
        one.home->post([reply = std::move(one.reply), with]() mutable { reply(with); });
    }
    waiting_.clear();
}

void WaitingEngine::drop_all() {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
}

Loops::Loops() : loops_(2) {
    for (net::AsioLoop& loop : loops_) threads_.emplace_back([&loop] { loop.run(); });
}

Loops::~Loops() {
    for (net::AsioLoop& loop : loops_) loop.stop();
    for (std::thread& thread : threads_) thread.join();
}

std::vector<Loop*> Loops::list() {
    std::vector<Loop*> list;
    for (net::AsioLoop& loop : loops_) list.push_back(&loop);
    return list;
}

void Loops::run(absl::AnyInvocable<void()> work) {
    std::promise<void> done;
    first().post([&] {
        work();
        done.set_value();
    });
    done.get_future().wait();
}

void Loops::settle() {
    // Twice, so that each has also seen what the other one did.
    for (int i = 0; i < 2; ++i) {
        for (net::AsioLoop& loop : loops_) {
            std::promise<void> done;
            loop.post([&] { done.set_value(); });
            done.get_future().wait();
        }
    }
}

Running::Running(engine::Engine& engine_used, GrpcServerOptions options) {
    auto listening = listen_grpc(loops.list(), engine_used, metrics, std::move(options));
    if (!listening) throw std::runtime_error(listening.error().what);
    server = std::move(*listening);
}

GrpcServerOptions Running::local() {
    GrpcServerOptions options;
    options.host = "127.0.0.1";
    options.port = 0;
    return options;
}

std::shared_ptr<grpc::Channel> Running::channel() const {
    // A connection of its own, not one that an earlier server left behind.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments);
}

std::unique_ptr<dtmgimp::Dtm::Stub> Running::stub() const { return dtmgimp::Dtm::NewStub(channel()); }

int Running::health() const {
    std::string answer;
    if (!call_raw(channel(), "/grpc.health.v1.Health/Check", "", &answer).ok()) return -1;
    return answer.size() == 2 && answer[0] == '\x08' ? answer[1] : 0;
}

grpc::Status call_raw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                      const std::string& bytes, std::string* answer) {
    Context context;
    grpc::GenericStub stub(channel);
    const grpc::Slice slice(bytes);
    grpc::ByteBuffer request(&slice, 1), response;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, method, {}, &request, &response,
                   [&](const grpc::Status& status) { done.set_value(status); });
    grpc::Status status = done.get_future().get();
    std::vector<grpc::Slice> slices;
    if (answer != nullptr && status.ok() && response.Dump(&slices).ok()) {
        for (const auto& part : slices) answer->append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
    return status;
}

bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(Millis(5));
    }
    return true;
}

}  // namespace dtmd::api
