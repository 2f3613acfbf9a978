#include "support/ports.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>

namespace dtmd::ports {
namespace {

constexpr int lowest = 10'001, highest = 32'000;

class Socket {
public:
    explicit Socket(int family) : handle_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (handle_ < 0)
            throw std::runtime_error(std::string("no socket to reserve a port with: ") + std::strerror(errno));
    }
    ~Socket() {
        if (handle_ >= 0) ::close(handle_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    template <class Address>
    bool bind(const Address& address, std::size_t size) {
        return ::bind(handle_, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)) == 0;
    }
    void keep_until_the_process_ends() { handle_ = -1; }

private:
    int handle_;
};

bool mark(Socket& socket, int port) {
    const std::string name = "dtmd-test-port-" + std::to_string(port);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());  // The zero before it makes it abstract (unix(7)).
    return socket.bind(address, offsetof(sockaddr_un, sun_path) + 1 + name.size());
}

bool is_free(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return Socket(AF_INET).bind(address, sizeof address);
}

}  // namespace

std::uint16_t reserve_pair(std::uint16_t above) {
    static std::mt19937 dice{std::random_device{}()};
    std::uniform_int_distribution<int> any(lowest, highest - above);
    for (int i = 0; i < 10'000; ++i) {
        const int port = any(dice);
        Socket first(AF_UNIX), second(AF_UNIX);
        if (!mark(first, port) || !is_free(port)) continue;
        if (above != 0 && (!mark(second, port + above) || !is_free(port + above))) continue;
        first.keep_until_the_process_ends();
        second.keep_until_the_process_ends();
        return static_cast<std::uint16_t>(port);
    }
    throw std::runtime_error("no free port of 127.0.0.1 from " + std::to_string(lowest) + " to " +
                             std::to_string(highest));
}

std::uint16_t reserve() { return reserve_pair(0); }

}  // namespace dtmd::ports
