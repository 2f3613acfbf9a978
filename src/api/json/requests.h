#pragma once

#include "api/json/json_read.h"
#include "base/result.h"
#include "txn/branches.h"
#include "txn/transaction.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Request bodies, as what the engine takes. Every error is `invalid` and says which member is wrong and how.
namespace dtmd::api {

/// The Trans JSON of protocol.md 1.1.
struct TransactionRequest {
    txn::Transaction transaction;
    std::string status, rollback_reason, result;  ///< From req_extra: what a workflow submit says.
};

/// What becomes of the characters of a gid that dtm doesn't want: it removes them over HTTP, and only there.
enum class GidRule : std::uint8_t { remove_bad, refuse_bad };

/// `gid` and `trans_type` must be there and good; everything else is optional.
Result<TransactionRequest> read_transaction(std::string_view body);
/// Of what a larger document contains. `object` must be one; what is read is taken out of it.
Result<TransactionRequest> read_transaction(Json& object, GidRule rule);

/// Requests about a transaction that exists: abort, forceStop, resetNextCronTime. Only `gid` must be there.
struct GidRequest {
    std::string gid, trans_type, rollback_reason;
};
Result<GidRequest> read_gid_request(std::string_view body);
Result<GidRequest> read_gid_request(Json& object, GidRule rule);

/// @param mode_of_route  used when the body names no trans_type: old clients register by routes of their own.
Result<txn::Registration> read_registration(std::string_view body, std::optional<txn::Mode> mode_of_route);
Result<txn::Registration> read_registration(Json& object, GidRule rule, std::optional<txn::Mode> mode_of_route);

/// Without the characters that dtm removes, or why it is no gid.
Result<std::string> clean_gid(std::string gid);

/// The steps in a text of their own, as gRPC clients send them. Nothing and `null` are no steps.
Result<std::vector<txn::Step>> read_steps(std::string_view text);

/// The error names the five types.
Result<txn::Mode> parse_mode(std::string_view trans_type);

}  // namespace dtmd::api
