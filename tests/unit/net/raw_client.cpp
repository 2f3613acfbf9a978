#include "unit/net/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace dtmd::net {

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    const int yes = 1;
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(socket_);
        throw std::system_error(error, std::generic_category(), "connect");
    }
}

RawClient::RawClient(RawClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}

RawClient::~RawClient() { close(); }

void RawClient::close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void RawClient::end_sending() { shutdown(socket_, SHUT_WR); }

void RawClient::reset() {
    const linger at_once{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

bool RawClient::try_send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void RawClient::send(std::string_view bytes) {
    if (!try_send(bytes)) throw std::system_error(errno, std::generic_category(), "send");
}

bool RawClient::read_more() {
    std::array<char, 64 * 1024> room;
    const ssize_t count = recv(socket_, room.data(), room.size(), 0);
    if (count < 0) throw std::system_error(errno, std::generic_category(), "recv");
    received_.append(room.data(), static_cast<std::size_t>(count));
    return count > 0;
}

std::string RawClient::read_answer(bool head_only) {
    std::size_t end = 0;
    while (true) {
        const std::size_t head = received_.find("\r\n\r\n");
        if (head != std::string::npos) {
            end = head + 4;
            const std::size_t length = received_.find("Content-Length: ");
            if (!head_only && length < head) end += std::stoul(received_.substr(length + 16));
            if (received_.size() >= end) break;
        }
        if (!read_more()) throw std::runtime_error("the connection ended; so far: " + received_);
    }
    std::string answer = received_.substr(0, end);
    received_.erase(0, end);
    return answer;
}

std::string RawClient::read_to_end() {
    while (read_more()) continue;
    return std::exchange(received_, {});
}

std::string body_of(const std::string& answer) {
    const std::size_t head = answer.find("\r\n\r\n");
    return head == std::string::npos ? std::string() : answer.substr(head + 4);
}

int status_of(const std::string& answer) {
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
}

}  // namespace dtmd::net
