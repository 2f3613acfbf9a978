#include "app/participants.h"

#include "app/settings.h"
#include "participant/dispatch.h"

namespace dtmd::app {

std::unique_ptr<participant::Participant> make_participant(net::AsioLoop& loop, const config::Config& config) {
    return participant::make_dispatching_participant(
        participant::make_http_participant(loop, participant_options(config)),
        participant::make_grpc_participant(loop, grpc_participant_options(config)));
}

}  // namespace dtmd::app
