#pragma once

#include "engine/engine.h"
#include "net/http_types.h"
#include "observe/metrics.h"

#include <cstdint>
#include <functional>
#include <string>

// dtm's HTTP surface (protocol.md 1) and dtmd's few routes beside it. A handler parses the request, calls the engine
// and shows its answer; nothing is decided here. The routes are the table in routes.cpp.
namespace dtmd::api {

struct ApiOptions {
    std::string version = "v0.0.0-dev";  ///< As /api/dtmsvr/version shows it.
    std::int64_t timeout_to_fail = 35;   ///< s; three times this is resetCronTime's default time-out.
    std::string admin_base_path;  ///< Where else the page of "/" is found, for example "/dtmd". No slash at the end.
};

/// Serves the routes. `expose_metrics` gives the Prometheus text; it must be thread-safe.
///
/// The handler may be called on any shard at the same time. It never throws, whatever the request.
/// `engine` and `metrics` must outlive the handler and every answer that is still to come.
net::HttpHandler make_http_api(engine::Engine& engine, observe::ApiMetrics& metrics,
                               std::function<std::string()> expose_metrics, ApiOptions options);

}  // namespace dtmd::api
