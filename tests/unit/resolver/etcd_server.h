#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// Private etcd servers for tests: in temporary folders, on 127.0.0.1, ended by their process id.
namespace dtmd::participant::test {

/// Waits until `is_true()`; false if it did not come true within `limit`.
bool eventually(const std::function<bool()>& is_true, std::chrono::seconds limit = std::chrono::seconds(30));

/// A member of a cluster, or all of it. Killed when destroyed.
class EtcdServer {
public:
    /// One that is alone.
    EtcdServer();
    ~EtcdServer();
    EtcdServer(const EtcdServer&) = delete;
    EtcdServer& operator=(const EtcdServer&) = delete;

    /// Three that make a cluster.
    static std::vector<std::unique_ptr<EtcdServer>> cluster_of_three();

    std::string address() const { return "127.0.0.1:" + std::to_string(client_port_); }

    void start();
    void wait_until_up() const;
    void kill();
    void lose_data();  ///< Only while it is killed.
    void pause();      ///< SIGSTOP
    void resume();     ///< SIGCONT

    /// What etcdctl prints for these words.
    std::string ctl(const std::vector<std::string>& words) const;
    void put(const std::string& key, const std::string& value) const { ctl({"put", key, value}); }
    void remove(const std::string& key) const { ctl({"del", key}); }

private:
    explicit EtcdServer(std::string name);

    std::string name_, folder_, cluster_;
    std::uint16_t client_port_, peer_port_;
    pid_t pid_ = -1;
};

}  // namespace dtmd::participant::test
