#pragma once

#include "engine/engine.h"
#include "net/http_types.h"

#include <string_view>

// dtm's JSON-RPC 2.0 surface (protocol.md 2): newGid, prepare, submit, abort, registerBranch. The same requests and the
// same engine calls as over HTTP, in another envelope.
namespace dtmd::api {

inline constexpr std::size_t max_rpc_batch = 1'000;  ///< Requests in one batch; a longer one is refused as a whole.

/// Answers the body of a POST, on `home`, now or later, exactly once.
///
/// A single request is treated as dtm does: its id must be a string that is not empty, and HTTP 400 says that it could
/// not be read. An array is a batch as the specification has it, which dtm doesn't know: any id is repeated, requests
/// without one are run and not answered (204 if there is nothing to answer), all at once and in any order.
void serve_json_rpc(engine::Engine& engine, Loop& home, std::string_view body, net::Respond respond);

}  // namespace dtmd::api
