#include "unit/participant_grpc/grpc_branch_server.h"

#include <grpcpp/server_builder.h>

#include <stdexcept>

namespace dtmd::participant {
namespace {

std::string text_of(const grpc::ByteBuffer& buffer) {
    std::vector<grpc::Slice> slices;
    if (!buffer.Dump(&slices).ok()) return "(unreadable)";
    std::string text;
    for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    return text;
}

}  // namespace

class GrpcBranchServer::Reactor final : public grpc::ServerGenericBidiReactor {
public:
    Reactor(GrpcBranchServer& server, grpc::GenericCallbackServerContext& context)
        : server_(server), context_(context) {
        StartRead(&request_);
    }

    void OnReadDone(bool ok) override {
        if (!ok) return end(grpc::Status(grpc::StatusCode::INTERNAL, "no message"));
        SeenCall call{.method = context_.method(), .body = text_of(request_), .peer = context_.peer(), .metadata = {}};
        for (const auto& [key, value] : context_.client_metadata()) {
            call.metadata.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
        }
        BranchAnswer answer = server_.take(std::move(call));
        if (answer.hangs) return;
        if (!answer.message || !answer.status.ok()) return end(answer.status);
        const grpc::Slice slice(*answer.message);
        response_ = grpc::ByteBuffer(&slice, 1);
        if (!ended_.exchange(true)) StartWriteAndFinish(&response_, {}, answer.status);
    }

    void OnCancel() override {
        server_.cancelled();
        end(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

private:
    void end(const grpc::Status& status) {
        if (!ended_.exchange(true)) Finish(status);
    }

    GrpcBranchServer& server_;
    grpc::GenericCallbackServerContext& context_;
    grpc::ByteBuffer request_, response_;
    std::atomic<bool> ended_{false};
};

GrpcBranchServer::GrpcBranchServer(Script script, int port, std::shared_ptr<grpc::ServerCredentials> credentials)
    : script_(std::move(script)) {
    if (!credentials) credentials = grpc::InsecureServerCredentials();
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), credentials, &port_);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
    if (!server_) throw std::runtime_error("can't listen on 127.0.0.1:" + std::to_string(port));
}

GrpcBranchServer::~GrpcBranchServer() { close(); }

void GrpcBranchServer::close() {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
}

grpc::ServerGenericBidiReactor* GrpcBranchServer::CreateReactor(grpc::GenericCallbackServerContext* context) {
    return new Reactor(*this, *context);
}

BranchAnswer GrpcBranchServer::take(SeenCall call) {
    {
        const std::lock_guard lock(mutex_);
        calls_.push_back(call);
        changed_.notify_all();
    }
    return script_ ? script_(call) : BranchAnswer{};
}

void GrpcBranchServer::cancelled() {
    const std::lock_guard lock(mutex_);
    ++cancelled_;
    changed_.notify_all();
}

bool GrpcBranchServer::wait_for_cancelled(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return cancelled_ >= count; });
}

std::vector<SeenCall> GrpcBranchServer::calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
}

std::size_t GrpcBranchServer::peers() {
    const std::lock_guard lock(mutex_);
    std::set<std::string> peers;
    for (const SeenCall& call : calls_) peers.insert(call.peer);
    return peers.size();
}

}  // namespace dtmd::participant
