#pragma once

#include "api/jsonrpc/rpc_message.h"
#include "engine/engine.h"

#include <string>

namespace dtmd::api {

/// Takes the whole response to a request; empty: the request was a notification.
using RpcDone = absl::AnyInvocable<void(std::string response)>;

/// Runs the request; `done` runs exactly once on `home`, now or later.
void run_rpc(engine::Engine& engine, Loop& home, RpcRequest request, RpcDone done);

}  // namespace dtmd::api
