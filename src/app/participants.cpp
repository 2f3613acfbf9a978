#include "app/participants.h"

#include "app/settings.h"
#include "participant/dispatch.h"

namespace dtmd::app {

std::unique_ptr<participant::Participant> make_participant(net::AsioLoop& loop, const config::Config& config,
                                                           participant::Directory& directory,
                                                           participant::ResolvingOptions resolving) {
    auto http = participant::make_http_participant(loop, participant_options(config));
    auto grpc = participant::make_grpc_participant(loop, grpc_participant_options(config));
    auto either = participant::make_dispatching_participant(std::move(http), std::move(grpc));
    return participant::make_resolving_participant(loop, directory, std::move(either), resolving);
}

}  // namespace dtmd::app
