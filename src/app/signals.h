#pragma once

#include "base/time.h"

#include <optional>

namespace dtmd::app {

/// The process's signals, received on the main thread only. Make one before any other thread exists: it blocks what
/// it waits for in this thread and all that come from it, and ignores SIGPIPE, SIGHUP and SIGXFSZ.
class Signals {
public:
    Signals();

    /// Waits for SIGTERM, SIGINT or wake(), for ever or up to `limit`. The signal's number; 0 for wake(); empty when
    /// the time is up.
    std::optional<int> wait(std::optional<Millis> limit = std::nullopt);

    /// Ends a wait on the main thread. From any thread.
    void wake() const;

    /// From now on the signals do what they do by default: end the process at once.
    void give_up();
};

/// 128 + the signal's number, as a shell shows a process that a signal has ended.
inline int exit_code_of(int signal) { return 128 + signal; }

/// Lets this process open as many files and sockets as it may. How many that is.
std::size_t raise_file_limit();

}  // namespace dtmd::app
