#pragma once

#include "api/http/exchange.h"
#include "api/http/http_api.h"
#include "api/http/query_string.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dtmd::api {

/// What every handler works with.
struct Api {
    engine::Engine& engine;
    observe::ApiMetrics& metrics;
    std::function<std::string()> expose_metrics;
    ApiOptions options;
};

/// A request whose target was taken apart.
struct Request {
    std::string_view body;
    Query query;
    std::string_view rest;  ///< Of a route that takes it: the last segment, decoded and not empty.
    Loop& home;
};

/// Answers `exchange` now, or hands it to the engine's reply.
using Handler = void (*)(const Api& api, const Request& request, Exchange& exchange);

enum Method : std::uint8_t { method_get = 1, method_post = 2, method_delete = 4, method_any = 0xFF };

struct Route {
    std::uint8_t methods;
    std::string_view path;
    Handler handle;
    std::string_view name;    ///< In the metrics; empty: not counted.
    bool takes_rest = false;  ///< The path goes on with one more segment: Request::rest.
};

std::span<const Route> routes();

}  // namespace dtmd::api
