#include "bench/grpc_lane.h"

#include "bench/grpc_pump.h"

#include <grpcpp/create_channel.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dtmd::bench {
namespace {

using Rpc = GrpcRequest::Rpc;
using dtmgimp::Dtm;
using google::protobuf::Empty;

constexpr std::chrono::minutes longest{2};
constexpr int reconnect_ms = 100;

Answer to_answer(const grpc::Status& status) {
    std::string text =
        "gRPC status " + std::to_string(status.error_code()) + " " + status.error_message().substr(0, 200);
    switch (status.error_code()) {
        case grpc::StatusCode::OK: return {Answer::Kind::success, ""};
        case grpc::StatusCode::ABORTED: return {Answer::Kind::failure, std::move(text)};
        case grpc::StatusCode::FAILED_PRECONDITION:
        case grpc::StatusCode::UNKNOWN: return {Answer::Kind::no_result, std::move(text)};
        // It is also what gRPC itself says of a broken connection.
        case grpc::StatusCode::UNAVAILABLE: return {Answer::Kind::lost, std::move(text)};
        default: return {Answer::Kind::other, std::move(text)};
    }
}

}  // namespace

/// A call under way. Owners: its lane, whoever waits for it, and, until it comes off the queue, itself.
class GrpcLane::OpenCall final : public GrpcEvent, public std::enable_shared_from_this<OpenCall> {
public:
    explicit OpenCall(boost::asio::io_context& loop) : landed_(loop, boost::asio::steady_timer::time_point::max()) {}

    void start(Dtm::Stub& stub, const GrpcRequest& request, grpc::CompletionQueue& queue) {
        self_ = shared_from_this();
        context_.set_deadline(std::chrono::system_clock::now() + longest);
        switch (request.rpc) {
            case Rpc::submit: reader_ = stub.AsyncSubmit(&context_, request.request, &queue); break;
            case Rpc::prepare: reader_ = stub.AsyncPrepare(&context_, request.request, &queue); break;
            case Rpc::register_branch: reader_ = stub.AsyncRegisterBranch(&context_, request.branch, &queue); break;
            case Rpc::prepare_workflow:
                progress_reader_ = stub.AsyncPrepareWorkflow(&context_, request.request, &queue);
                progress_reader_->Finish(&progress_, &status, this);
                return;
        }
        reader_->Finish(&empty_, &status, this);
    }

    void proceed(bool) override {
        has_landed = true;
        landed_.cancel();
        self_ = nullptr;
    }

    void cancel() { context_.TryCancel(); }
    boost::asio::steady_timer& landed() { return landed_; }

    grpc::Status status;
    bool has_landed = false;

private:
    std::shared_ptr<OpenCall> self_;
    boost::asio::steady_timer landed_;  // Never comes; is cancelled.
    grpc::ClientContext context_;
    Empty empty_;
    dtmgimp::DtmProgressesReply progress_;
    std::unique_ptr<grpc::ClientAsyncResponseReader<Empty>> reader_;
    std::unique_ptr<grpc::ClientAsyncResponseReader<dtmgimp::DtmProgressesReply>> progress_reader_;
};

GrpcLane::GrpcLane(net::AsioLoop& loop, const Script& script, const std::shared_ptr<grpc::Channel>& channel,
                   grpc::CompletionQueue& queue)
    : loop_(loop), script_(script), stub_(channel), queue_(queue) {}

GrpcLane::~GrpcLane() {
    if (call_ && !call_->has_landed) call_->cancel();
}

std::size_t GrpcLane::begin(const std::string& gid, bool refused) {
    requests_ = grpc_requests(script_, gid, refused);
    return requests_.size();
}

boost::asio::awaitable<Answer> GrpcLane::ask(std::size_t which) {
    call_ = std::make_shared<OpenCall>(loop_.context());
    call_->start(stub_, requests_[which], queue_);
    const auto waiting = boost::asio::as_tuple(boost::asio::use_awaitable);
    co_await call_->landed().async_wait(waiting);
    co_return to_answer(call_->status);
}

std::vector<std::shared_ptr<grpc::Channel>> make_channels(const std::string& target, unsigned count) {
    std::vector<std::shared_ptr<grpc::Channel>> channels;
    for (unsigned i = 0; i < count; ++i) {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
        arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, reconnect_ms);
        arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, reconnect_ms);
        channels.push_back(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
    }
    return channels;
}

}  // namespace dtmd::bench
