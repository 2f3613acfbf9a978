#pragma once

#include "base/result.h"
#include "participant/participant.h"

#include <grpcpp/support/status.h>

#include <string>
#include <utility>
#include <vector>

// What a gRPC branch call looks like on the wire, and what its answer means (protocol.md 3.4, 3.5). Pure.
namespace dtmd::participant {

using Metadata = std::vector<std::pair<std::string, std::string>>;

/// dtm's keys, then the transaction's headers in lower case. Errors: `invalid`, if one of them can't be sent; gRPC
/// itself would end the process.
Result<Metadata> metadata_of(const Call& call);

/// The payload as it is; for a workflow's callback the message that has it as its first field (protocol.md 5.8).
std::string message_of(Call& call);

/// @param where  the address that was called, for the texts.
Reply interpret_grpc(const grpc::Status& status, std::string_view where);

}  // namespace dtmd::participant
