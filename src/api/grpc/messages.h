#pragma once

#include "api/json/requests.h"
#include "proto/dtm_service.pb.h"

// dtm's messages as what the engine takes, and its finds as dtm's messages (protocol.md 3.1, 3.2). Every error is
// `invalid` and names the field.
namespace dtmd::api {

/// What Prepare, Submit and PrepareWorkflow ask for; its protocol is grpc.
Result<TransactionRequest> read_transaction(const dtmgimp::DtmRequest& request);

/// What Abort asks for: only the gid must be there.
Result<GidRequest> read_gid_request(const dtmgimp::DtmRequest& request);

Result<txn::Registration> read_registration(const dtmgimp::DtmBranchRequest& request);

/// The transaction and all its branches.
void write_progress(const txn::Transaction& transaction, dtmgimp::DtmProgressesReply& reply);

}  // namespace dtmd::api
