#include "participant/grpc/grpc_caller.h"

#include "participant/grpc/grpc_message.h"
#include "participant/reply.h"

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <utility>

namespace dtmd::participant {
namespace {

constexpr Millis sweep_interval{10'000};

}  // namespace

/// A call under way.
struct GrpcCaller::OpenCall {
    Done done;
    std::string url;
    std::shared_ptr<GrpcChannels::Channel> channel;
    grpc::ClientContext context;
    grpc::ByteBuffer request, response;
    Clock::time_point started;
};

// gRPC lets it pass where the message's type is not known.
grpc::Status GrpcCaller::result_of(const OpenCall& open, const grpc::Status& status) {
    if (!status.ok() || open.response.Valid()) return status;
    return grpc::Status(grpc::StatusCode::INTERNAL, "the service answered OK without a message");
}

GrpcCaller::GrpcCaller(Loop& loop, GrpcParticipantOptions options)
    : loop_(loop), options_(std::move(options)), channels_(options_) {}

GrpcCaller::~GrpcCaller() = default;

void GrpcCaller::start(Call call, Done done) {
    auto address = parse_grpc_address(call.url, options_.docker);
    if (!address) return fail(address.error(), std::move(done));
    auto prepared = prepare(call, *address);
    if (!prepared) return fail(prepared.error(), std::move(done));
    OpenCall* const open = prepared->get();
    open->done = std::move(done);
    open_.emplace(open, std::move(*prepared));
    {
        const std::lock_guard lock(mutex_);
        ++in_the_air_;
    }
    sweep_later();
    open->channel->stub.UnaryCall(
        &open->context, address->method, {}, &open->request, &open->response,
        [self = shared_from_this(), open](const grpc::Status& status) { self->landed(open, status); });
}

Result<GrpcCaller::OpenPtr> GrpcCaller::prepare(Call& call, GrpcAddress& address) {
    auto metadata = metadata_of(call);
    if (!metadata) return metadata.error();
    auto open = std::make_unique<OpenCall>();
    open->started = Clock::now();
    open->channel = channels_.get(address);
    open->channel->last_used = open->started;
    ++open->channel->open;
    for (const auto& [key, value] : *metadata) open->context.AddMetadata(key, value);
    open->context.set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(call.timeout.count(), GPR_TIMESPAN)));
    const grpc::Slice message(message_of(call));
    open->request = grpc::ByteBuffer(&message, 1);
    open->url = std::move(call.url);
    return open;
}

// No host is to blame.
void GrpcCaller::fail(const Error& error, Done done) {
    loop_.post(
        [done = std::move(done), reply = unknown_reply(error.what, true, 0)]() mutable { done(std::move(reply)); });
}

// On a thread of gRPC's. After the last line the loop may be gone.
void GrpcCaller::landed(OpenCall* open, const grpc::Status& status) {
    loop_.post([weak = weak_from_this(), open, status] {
        if (const auto self = weak.lock()) self->finish(open, status);
    });
    const std::lock_guard lock(mutex_);
    if (--in_the_air_ == 0) all_landed_.notify_all();
}

void GrpcCaller::finish(OpenCall* landed, const grpc::Status& status) {
    if (closed_) return;
    const auto found = open_.find(landed);
    const OpenPtr open = std::move(found->second);
    open_.erase(found);
    const auto now = Clock::now();
    --open->channel->open;
    open->channel->last_used = now;
    Reply reply = interpret_grpc(result_of(*open, status), open->url);
    reply.took = std::chrono::duration_cast<std::chrono::microseconds>(now - open->started);
    Done done = std::move(open->done);
    done(std::move(reply));
}

void GrpcCaller::close() {
    closed_ = true;
    for (const auto& [key, open] : open_) open->context.TryCancel();
    std::unique_lock lock(mutex_);
    all_landed_.wait(lock, [this] { return in_the_air_ == 0; });
    lock.unlock();
    open_.clear();
    channels_.clear();
}

void GrpcCaller::sweep_later() {
    if (std::exchange(sweeps_, true)) return;
    loop_.after(std::min(sweep_interval, options_.idle_timeout), [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        self->sweeps_ = false;
        self->channels_.drop_idle(Clock::now());
        if (!self->channels_.empty()) self->sweep_later();
    });
}

}  // namespace dtmd::participant
