#pragma once

#include "participant/participant.h"

#include <memory>

namespace dtmd::participant {

/// Whether the call goes over gRPC (protocol.md 3.5): no http:// or https:// address does, and none of a transaction of
/// protocol http. So branches of a grpc or json-rpc transaction may be of all three kinds.
bool goes_by_grpc(const Call& call);

/// Hands each call to the one that speaks its protocol.
std::unique_ptr<Participant> make_dispatching_participant(std::unique_ptr<Participant> http,
                                                          std::unique_ptr<Participant> grpc);

}  // namespace dtmd::participant
