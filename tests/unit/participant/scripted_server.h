#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dtmd::participant {

/// One connection of a ScriptedServer, on a thread of its own. Closed when its script returns.
class Peer {
public:
    explicit Peer(int socket, int number) : socket_(socket), number_(number) {}

    /// Counts connections from 0.
    int number() const { return number_; }

    /// The next request with its body (by Content-Length), or "" if the client has closed.
    std::string read_request();
    void send(std::string_view bytes);
    /// A whole answer that keeps the connection.
    void answer(int status, std::string_view body);
    /// Sends no more, but goes on reading.
    void end_sending();
    /// Until the client has closed; false if it has not after ten seconds.
    bool wait_for_close();
    /// Closes with a reset instead of an orderly end.
    void reset();

private:
    int socket_;
    int number_;
    std::string received_;
};

/// A TCP server on 127.0.0.1 that does to each connection what its script says.
class ScriptedServer {
public:
    using Script = std::function<void(Peer&)>;

    explicit ScriptedServer(Script script);
    /// Ends all connections.
    ~ScriptedServer();

    std::uint16_t port() const { return port_; }
    std::string url(std::string_view path) const;
    int connections() const { return connections_; }
    /// As if the process had died.
    void close();

private:
    void accept_all();
    void serve(int socket, int number);

    Script script_;
    int listener_;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

/// Answers all requests of all connections with `status` and `body`.
ScriptedServer::Script always(int status, std::string body);

}  // namespace dtmd::participant
