#include "bench/grpc_branches.h"

#include <grpcpp/server_builder.h>

#include <string_view>

namespace dtmd::bench {
namespace {

constexpr int expected_at_once = 64;

std::string_view metadata(const grpc::GenericServerContext& context, const char* key) {
    const auto found = context.client_metadata().find(key);
    if (found == context.client_metadata().end()) return {};
    return {found->second.data(), found->second.size()};
}

}  // namespace

/// One branch call, from waiting for it until it is answered.
class GrpcBranches::Visit final : public GrpcEvent {
public:
    explicit Visit(GrpcBranches& service) : service_(service), stream_(&context_) {
        auto& queue = *service.queue_;
        service.service_.RequestCall(&context_, &stream_, &queue, &queue, this);
    }

    void proceed(bool ok) override {
        if (service_.is_over_) return;
        if (!ok && step_ != Step::reading) step_ = Step::answering;
        switch (step_) {
            case Step::waiting:
                step_ = Step::reading;
                service_.expect_one();
                stream_.Read(&request_, this);
                return;
            case Step::reading: return service_.serve(*this);
            case Step::answering: service_.visits_.erase(this); return;
        }
    }

    void answer(const grpc::Status& status) {
        step_ = Step::answering;
        if (!status.ok()) return stream_.Finish(status, this);
        const grpc::Slice empty;
        const grpc::ByteBuffer message(&empty, 1);
        stream_.WriteAndFinish(message, {}, status, this);
    }

    const grpc::GenericServerContext& context() const { return context_; }

private:
    enum class Step : std::uint8_t { waiting, reading, answering };

    GrpcBranches& service_;
    Step step_ = Step::waiting;
    grpc::GenericServerContext context_;
    grpc::GenericServerAsyncReaderWriter stream_;
    grpc::ByteBuffer request_;
};

GrpcBranches::GrpcBranches(net::AsioLoop& loop, Ledger& ledger, Millis latency)
    : loop_(loop), ledger_(ledger), latency_(latency) {}

GrpcBranches::~GrpcBranches() {
    is_over_ = true;
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    if (!queue_) return;
    queue_->Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) static_cast<GrpcEvent*>(tag)->proceed(ok);
}

Result<void> GrpcBranches::listen(const std::string& host, std::uint16_t port) {
    const std::string address = host + ":" + std::to_string(port);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port_);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(-1);
    builder.RegisterAsyncGenericService(&service_);
    queue_ = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    if (!server_) return Error{Errc::unavailable, "cannot listen on " + address + " for gRPC"};
    for (int i = 0; i < expected_at_once; ++i) expect_one();
    return {};
}

void GrpcBranches::expect_one() {
    auto visit = std::make_unique<Visit>(*this);
    Visit* const key = visit.get();
    visits_.emplace(key, std::move(visit));
}

void GrpcBranches::serve(Visit& visit) {
    if (is_out_) return visit.answer({grpc::StatusCode::UNAVAILABLE, "out of order"});
    const auto& context = visit.context();
    const bool refuses = context.method().ends_with("/refuse");
    if (!context.method().ends_with("/query")) {
        ledger_.called(metadata(context, "dtm-gid"), metadata(context, "dtm-branch_id"), metadata(context, "dtm-op"),
                       refuses, loop_.steady());
    }
    grpc::Status status = refuses ? grpc::Status(grpc::StatusCode::ABORTED, "FAILURE") : grpc::Status::OK;
    if (latency_.count() <= 0) return visit.answer(status);
    // Nothing erases it before it is answered.
    loop_.after(latency_, [&visit, status = std::move(status)] { visit.answer(status); });
}

}  // namespace dtmd::bench
