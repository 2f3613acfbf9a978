#pragma once

#include "base/time.h"

#include <absl/functional/any_invocable.h>

namespace dtmd {

/// A piece of work to be run once. Move-only.
using Task = absl::AnyInvocable<void()>;

/// One thread's event loop, as the engine sees it: the only door to time and to other threads.
///
/// Production stands on an io_context (net/asio_loop.h); the simulator stands on virtual time. Every object that
/// belongs to a shard is touched on that shard's loop only.
class Loop {
public:
    virtual ~Loop() = default;

    /// The wall clock. Used for deadlines that are kept in the store; may jump.
    virtual Time now() const = 0;

    /// A clock that never goes back, in microseconds from an arbitrary origin. For measuring how long things took.
    virtual std::chrono::microseconds steady() const = 0;

    /// Runs `task` on this loop, after the current one has returned, in the order of posting. Callable from any thread.
    virtual void post(Task task) = 0;

    /// Runs `task` on this loop once `delay` has passed (at once if it is not positive). Call it on this loop only.
    /// It can't be cancelled: what it does must be harmless when it comes late.
    virtual void after(Millis delay, Task task) = 0;
};

}  // namespace dtmd
