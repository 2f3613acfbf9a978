#pragma once

#include "api/grpc/grpc_server.h"
#include "api/http/http_api.h"
#include "config/config.h"
#include "engine/coordinator.h"
#include "net/http_server.h"
#include "observe/log.h"
#include "participant/grpc/grpc_participant.h"
#include "participant/http/http_participant.h"

#include <string>

// From what the user set to what each room wants to know. Pure.
namespace dtmd::app {

log::Options log_options(const config::Config& config);
net::HttpServerOptions listener_options(const config::Config& config);
api::GrpcServerOptions grpc_listener_options(const config::Config& config);
participant::HttpParticipantOptions participant_options(const config::Config& config);
participant::GrpcParticipantOptions grpc_participant_options(const config::Config& config);
engine::Settings engine_settings(const config::Config& config);
api::ApiOptions api_options(const config::Config& config);

/// How many shards: the configured number, or one per core.
std::size_t shard_count(const config::Config& config);

/// The TZ that means dtm's TimeZoneOffset ("+8", "-3"): hours east of Greenwich. Empty for an empty offset.
std::string time_zone(const std::string& offset);

/// Whether a listener on `host` can be reached from other machines.
bool is_open_to_all(const std::string& host);

/// The body the alert hook is sent (protocol.md 6.6), its keys in dtm's order.
std::string alert_json(const engine::Alert& alert);

}  // namespace dtmd::app
