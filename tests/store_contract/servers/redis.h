#pragma once

#include "store_contract/temp_folder.h"

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// Private Redis servers for tests: in temporary folders, on 127.0.0.1, ended by their process id.
namespace dtmd::store::test {

/// A running redis-server or sentinel. Killed when destroyed.
class RedisServer {
public:
    /// @param arguments    as on the command line, beyond port, folder and no snapshots: {"--appendonly", "yes"}.
    ///                     "PORT" stands for its port.
    /// @param cli_options  more words for each redis-cli: TLS, a password.
    explicit RedisServer(std::vector<std::string> arguments = {}, std::vector<std::string> cli_options = {});

    /// A sentinel whose configuration is `lines`.
    static std::unique_ptr<RedisServer> sentinel(const std::vector<std::string>& lines);

    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    std::uint16_t port() const { return port_; }
    std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
    const TempFolder& folder() const { return folder_; }

    /// Kills it (SIGKILL) if it runs, and starts it again with the same folder and port.
    void restart();
    void kill();
    void pause();   ///< SIGSTOP
    void resume();  ///< SIGCONT

    /// What redis-cli prints for this command.
    std::string cli(const std::vector<std::string>& words) const;

private:
    RedisServer(std::uint16_t port, bool is_sentinel) : port_(port), is_sentinel_(is_sentinel) {}
    void start();

    TempFolder folder_;
    const std::uint16_t port_;
    const bool is_sentinel_ = false;
    std::vector<std::string> arguments_, cli_options_;
    pid_t pid_ = -1;
};

/// The one server that the contract's tests share, started when it is first asked for and ended with the process.
RedisServer& shared_redis();

/// Waits until `is_true()`, at most `seconds`. Returns whether it came true.
template <class Condition>
bool wait_until(Condition is_true, int seconds = 30);

/// A prefix that no earlier test has had: "{t1}", "{t2}", ...
std::string fresh_prefix();

}  // namespace dtmd::store::test

#include <chrono>
#include <thread>

template <class Condition>
bool dtmd::store::test::wait_until(Condition is_true, int seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (!is_true()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}
