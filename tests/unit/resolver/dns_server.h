#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace dtmd::participant::test {

struct SrvRecord {
    std::uint16_t priority, weight, port;
    std::string host;
};

/// A DNS server on 127.0.0.1 that has one answer for all questions, on a thread of its own.
class DnsServer {
public:
    DnsServer();
    ~DnsServer();

    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

    void set(std::vector<SrvRecord> records);
    void set_code(std::uint8_t code);  ///< 3: there is no such name. 2: the server has failed.
    void set_silent(bool silent) { silent_ = silent; }
    int questions() const { return questions_; }

private:
    void serve();
    std::string answer(const std::string& question);

    int socket_;
    std::uint16_t port_ = 0;
    std::atomic<bool> silent_ = false, stopped_ = false;
    std::atomic<int> questions_ = 0;
    std::mutex mutex_;
    std::vector<SrvRecord> records_;
    std::uint8_t code_ = 0;
    std::thread thread_;
};

}  // namespace dtmd::participant::test
