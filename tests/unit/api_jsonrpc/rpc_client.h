#pragma once

#include "api/jsonrpc/json_rpc.h"
#include "unit/api/fakes.h"

#include <nlohmann/json.hpp>

#include <string>

namespace dtmd::api {

/// A client of /api/json-rpc.
struct RpcClient : Client {
    net::HttpResponse rpc(std::string body) { return post("/api/json-rpc", std::move(body)); }

    /// A whole request with id "no-use", as dtm's clients send it.
    net::HttpResponse call(const std::string& method, const std::string& params) {
        return rpc(R"({"jsonrpc":"2.0","method":")" + method + R"(","params":)" + params + R"(,"id":"no-use"})");
    }
};

}  // namespace dtmd::api
