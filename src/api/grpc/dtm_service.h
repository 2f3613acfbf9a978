#pragma once

#include "api/grpc/exchange.h"
#include "proto/dtm_service.grpc.pb.h"

#include <atomic>
#include <vector>

namespace dtmd::api {

/// dtm's rpcs (protocol.md 3.1): each reads its request on gRPC's thread, has one of the engine's loops call the
/// engine, and is answered from there. Nothing is decided here.
class DtmService final : public dtmgimp::Dtm::CallbackService {
public:
    /// All three must outlive the service and every call that is still open.
    DtmService(std::vector<Loop*> loops, engine::Engine& engine, observe::ApiMetrics& metrics);

    OpenCalls& open_calls() { return open_; }

private:
    using Context = grpc::CallbackServerContext;
    using Reactor = grpc::ServerUnaryReactor;
    using Empty = google::protobuf::Empty;

    Reactor* NewGid(Context*, const Empty*, dtmgimp::DtmGidReply* reply) override;
    Reactor* Submit(Context*, const dtmgimp::DtmRequest* request, Empty*) override;
    Reactor* Prepare(Context*, const dtmgimp::DtmRequest* request, Empty*) override;
    Reactor* Abort(Context*, const dtmgimp::DtmRequest* request, Empty*) override;
    Reactor* RegisterBranch(Context*, const dtmgimp::DtmBranchRequest* request, Empty*) override;
    Reactor* PrepareWorkflow(Context*, const dtmgimp::DtmRequest* request, dtmgimp::DtmProgressesReply* reply) override;
    Reactor* Subscribe(Context*, const dtmgimp::DtmTopicRequest* request, Empty*) override;
    Reactor* Unsubscribe(Context*, const dtmgimp::DtmTopicRequest* request, Empty*) override;
    Reactor* DeleteTopic(Context*, const dtmgimp::DtmTopicRequest* request, Empty*) override;

    Loop& loop_of(const std::string& gid) const;
    Loop& next_loop();

    std::vector<Loop*> loops_;
    engine::Engine& engine_;
    observe::ApiMetrics& metrics_;
    OpenCalls open_;
    std::atomic<std::size_t> turn_{0};
};

}  // namespace dtmd::api
