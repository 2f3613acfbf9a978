#pragma once

#include "base/loop.h"
#include "participant/participant.h"

#include <cstddef>
#include <memory>
#include <string>

namespace dtmd::participant {

struct GrpcParticipantOptions {
    std::string service_config = R"({"loadBalancingConfig": [{"round_robin":{}}]})";  ///< JSON, as gRPC defines it.
    bool tls = false;  ///< For addresses that don't say: `grpcs://` is always TLS, `grpc://` never.
    bool verify_tls = true;
    std::string ca_file{};               ///< PEM; empty: the system's.
    std::size_t max_response = 1 << 20;  ///< Bytes of a message; more: unknown.
    Millis connect_timeout{3'000};       ///< Within the call's own time-out.
    Millis idle_timeout{60'000};         ///< After which a destination's connections are closed.
    bool docker = false;                 ///< dtm's IS_DOCKER: localhost in addresses means host.docker.internal.
};

/// Calls branches over gRPC as protocol.md 3.4 and 3.5 say: any unary method, the payload as the message's bytes.
///
/// Connections are kept per destination, and several instances behind one name are called in turn. A destination that
/// can't be reached fails the call at once; gRPC tries it again by itself, at most a second later.
/// Costs neither threads nor memory before the first call.
///
/// Destroy it on its loop, or when that no longer runs, but before the loop. Calls under way are cancelled and waited
/// for (gRPC's threads are quick), and their `done` does not run.
/// Throws std::runtime_error with a clear message if the service configuration or options.ca_file can't be used.
std::unique_ptr<Participant> make_grpc_participant(Loop& loop, GrpcParticipantOptions options);

}  // namespace dtmd::participant
