#pragma once

#include "bench/script.h"
#include "proto/dtm_service.pb.h"

// What the client of one transaction says over gRPC. Pure.
namespace dtmd::bench {

struct GrpcRequest {
    enum class Rpc : std::uint8_t { submit, prepare, prepare_workflow, register_branch };
    Rpc rpc = Rpc::submit;
    dtmgimp::DtmRequest request;       ///< Of all but register_branch.
    dtmgimp::DtmBranchRequest branch;  ///< Of register_branch.
};

/// What Script::requests() says, in dtm's messages.
std::vector<GrpcRequest> grpc_requests(const Script& script, const std::string& gid, bool refused);

}  // namespace dtmd::bench
