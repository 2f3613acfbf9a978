#include "unit/participant/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <stdexcept>
#include <utility>

namespace dtmd::participant {

std::string Peer::read_request() {
    while (true) {
        const std::size_t head = received_.find("\r\n\r\n");
        if (head != std::string::npos) {
            std::size_t end = head + 4;
            const std::size_t length = received_.find("Content-Length: ");
            if (length < head) end += std::stoul(received_.substr(length + 16));
            if (received_.size() >= end) {
                std::string request = received_.substr(0, end);
                received_.erase(0, end);
                return request;
            }
        }
        std::array<char, 64 * 1024> room;
        const ssize_t count = recv(socket_, room.data(), room.size(), 0);
        if (count <= 0) return {};
        received_.append(room.data(), static_cast<std::size_t>(count));
    }
}

void Peer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void Peer::answer(int status, std::string_view body) {
    send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body));
}

bool Peer::wait_for_close() {
    const timeval limit{10, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::array<char, 4096> room;
    ssize_t count = 0;
    do count = recv(socket_, room.data(), room.size(), 0);
    while (count > 0);
    return count == 0 || errno == ECONNRESET;
}

void Peer::end_sending() { shutdown(socket_, SHUT_WR); }

void Peer::reset() {
    const linger at_once{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool listens = bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                         listen(listener_, 100) == 0 &&
                         getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (!listens) throw std::runtime_error("the scripted server can't listen");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() { close(); }

void ScriptedServer::close() {
    if (!acceptor_.joinable()) return;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
        const std::lock_guard lock(mutex_);
        for (const int socket : open_) shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
}

std::string ScriptedServer::url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void ScriptedServer::accept_all() {
    while (true) {
        const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        const std::lock_guard lock(mutex_);
        open_.push_back(socket);
        threads_.emplace_back([this, socket, number = connections_++] { serve(socket, number); });
    }
}

void ScriptedServer::serve(int socket, int number) {
    Peer peer(socket, number);
    script_(peer);
    const std::lock_guard lock(mutex_);
    std::erase(open_, socket);
    ::close(socket);
}

ScriptedServer::Script always(int status, std::string body) {
    return [status, body = std::move(body)](Peer& peer) {
        while (!peer.read_request().empty()) peer.answer(status, body);
    };
}

}  // namespace dtmd::participant
