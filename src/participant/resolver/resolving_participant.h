#pragma once

#include "participant/participant.h"
#include "participant/resolver/directory.h"

#include <memory>

namespace dtmd::participant {

struct ResolvingOptions {
    Layout http_layout = Layout::plain, grpc_layout = Layout::plain;  ///< What lies in etcd.
    Millis idle_timeout{600'000};  ///< Services nobody has called for so long are no longer followed.
};

/// Calls services by name: a call whose URL is one of txn::ServiceUrl goes to `next` with the address of one of the
/// service's instances, in turn. All other calls go to `next` as they are.
///
/// If an instance can't be reached, the call goes to another one at once, as long as its time lasts. A service without
/// a known instance is an unknown result that says why.
///
/// Destroy it on its loop, or when that no longer runs. Calls under way are dropped, and their `done` does not run.
/// `loop` and `directory` must outlive it.
std::unique_ptr<Participant> make_resolving_participant(Loop& loop, Directory& directory,
                                                        std::unique_ptr<Participant> next, ResolvingOptions options);

}  // namespace dtmd::participant
