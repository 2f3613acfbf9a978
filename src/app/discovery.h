#pragma once

#include "app/registration.h"
#include "config/config.h"
#include "participant/resolver/directory.h"
#include "participant/resolver/resolving_participant.h"

#include <string>
#include <vector>

namespace dtmd::app {

/// What MicroService and HttpMicroService say.
struct Discovery {
    participant::DirectoryOptions directory;
    participant::ResolvingOptions resolving;
    std::vector<RegistryPlace> places;  ///< Where this node makes itself known.
    std::vector<std::string> warnings;  ///< What was asked for and can't be had, though dtmd runs without it.
};

/// Errors: `invalid`, with one sentence for the user that names the setting.
Result<Discovery> read_discovery(const config::Config& config);

}  // namespace dtmd::app
