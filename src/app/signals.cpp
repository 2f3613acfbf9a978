#include "app/signals.h"

#include <sys/resource.h>
#include <unistd.h>
#include <csignal>
#include <ctime>

namespace dtmd::app {
namespace {

constexpr int wake_signal = SIGUSR1;

sigset_t awaited() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, wake_signal}) sigaddset(&set, signal);
    return set;
}

}  // namespace

Signals::Signals() {
    const sigset_t set = awaited();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // A shell starts background commands with SIGINT ignored, and what is ignored never gets to a waiting thread.
    for (const int signal : {SIGTERM, SIGINT, wake_signal}) std::signal(signal, SIG_DFL);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGHUP, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // A file that may not grow further is a full disk: told by the failed write.
}

std::optional<int> Signals::wait(std::optional<Millis> limit) {
    const sigset_t set = awaited();
    if (!limit) {
        int signal = 0;
        sigwait(&set, &signal);
        return signal == wake_signal ? 0 : signal;
    }
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(*limit);
    const timespec span{.tv_sec = whole.count(), .tv_nsec = std::chrono::nanoseconds(*limit - whole).count()};
    const int signal = sigtimedwait(&set, nullptr, &span);
    if (signal < 0) return std::nullopt;
    return signal == wake_signal ? 0 : signal;
}

void Signals::wake() const { kill(getpid(), wake_signal); }

void Signals::give_up() {
    // One wake() may still be on its way; unblocked and not ignored it would end the process.
    std::signal(wake_signal, SIG_IGN);
    const sigset_t set = awaited();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::size_t raise_file_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    // Refused only where the hard limit itself is above what the kernel allows; then the old limit stays.
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

}  // namespace dtmd::app
