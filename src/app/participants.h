#pragma once

#include "config/config.h"
#include "net/asio_loop.h"
#include "participant/participant.h"
#include "participant/resolver/resolving_participant.h"

#include <memory>

namespace dtmd::app {

/// What a shard calls branches with: HTTP, JSON-RPC and gRPC, each call by its address and protocol, services by name.
/// `directory` must outlive it.
/// Throws std::runtime_error with one sentence for the user if a file or setting can't be used.
std::unique_ptr<participant::Participant> make_participant(net::AsioLoop& loop, const config::Config& config,
                                                           participant::Directory& directory,
                                                           participant::ResolvingOptions resolving);

}  // namespace dtmd::app
