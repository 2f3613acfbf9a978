#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace dtmd::net {

/// A blocking TCP client on 127.0.0.1 that sends whatever bytes a test wants. Waits at most ten seconds for anything.
class RawClient {
public:
    explicit RawClient(std::uint16_t port);
    RawClient(RawClient&& other) noexcept;
    ~RawClient();

    void send(std::string_view bytes);
    /// As much as the server takes; false once it takes no more.
    bool try_send(std::string_view bytes);

    /// One whole answer: headers and a body of Content-Length. Throws if the connection ends before.
    std::string read_answer(bool head_only = false);
    /// All that comes until the server closes. Throws if it doesn't, or resets the connection.
    std::string read_to_end();
    /// Whether the server closes without another byte.
    bool is_closed_silently() { return read_to_end().empty(); }

    void close();
    /// Sends no more, but goes on reading.
    void end_sending();
    /// Closes with a reset instead of an orderly end.
    void reset();

private:
    bool read_more();

    int socket_ = -1;
    std::string received_;
};

/// The body of an answer.
std::string body_of(const std::string& answer);
/// The status of an answer, 0 if it is none.
int status_of(const std::string& answer);

}  // namespace dtmd::net
