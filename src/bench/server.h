#pragma once

#include "base/result.h"
#include "bench/options.h"
#include "participant/http/name_cache.h"

#include <string>

namespace dtmd::bench {

/// The coordinator that is measured.
struct Server {
    participant::Endpoints endpoints;  ///< Over HTTP.
    std::string authority;             ///< "HOST:PORT"
    std::string version;               ///< What it says of itself; empty over gRPC, where nobody can ask.
};

/// Whether a coordinator is there, and which. Before any load, so that a wrong address is one clear line. Blocks.
///
/// Errors: `invalid` if the address is none; `unavailable` if nobody answers who speaks the protocol.
Result<Server> find_server(const Options& options);

}  // namespace dtmd::bench
