#pragma once

#include "api/json/json_read.h"

#include <optional>
#include <string>
#include <string_view>

// Requests and responses of JSON-RPC 2.0, as texts. Pure.
namespace dtmd::api {

namespace rpc_code {
inline constexpr int parse_error = -32700, invalid_request = -32600, method_not_found = -32601, internal = -32603;
inline constexpr int failure = -32901;  ///< dtm's own: the transaction can't succeed.
}  // namespace rpc_code

inline constexpr std::string_view no_result = "null", empty_result = "{}";

/// What a request is answered with. `id` and `result` are JSON texts; all four members are always there.
std::string rpc_success(std::string_view id, std::string_view result);
std::string rpc_error(std::string_view id, int code, std::string_view message, std::string_view result = no_result);

struct RpcRequest {
    std::string method;
    Json params;     ///< null if there are none.
    std::string id;  ///< A JSON text. Empty: a notification, which is not answered.
};

/// Why there is nothing to run: a whole response.
struct RpcRefusal {
    std::string response;
    bool unreadable = false;  ///< Of what dtm answers with HTTP 400.
};

/// The only request of a body, by dtm's rules. `root` is not an array.
std::optional<RpcRefusal> read_single_request(Json& root, RpcRequest& request);

/// A request of a batch, by the specification's rules.
std::optional<RpcRefusal> read_batched_request(Json& item, RpcRequest& request);

}  // namespace dtmd::api
