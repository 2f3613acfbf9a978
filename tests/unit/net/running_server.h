#pragma once

#include "net/http_server.h"
#include "unit/net/raw_client.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace dtmd::net {

/// A server with its loops on threads of their own, on a free port of 127.0.0.1.
class RunningServer {
public:
    explicit RunningServer(HttpHandler handler, HttpServerOptions options = {}, std::size_t loops = 1);
    ~RunningServer();

    std::uint16_t port() const { return port_; }
    RawClient connect() const { return RawClient(port_); }
    AsioLoop& loop() { return *loops_.front(); }

    /// Runs `work` on the first loop and waits for it.
    void run(std::function<void()> work);
    /// Begins to stop; see wait_until_stopped().
    void begin_stop(Millis limit);
    /// False if it has not after ten seconds.
    bool wait_until_stopped();

    /// Destroys the server on its loop, which goes on.
    void destroy_server();

private:
    std::vector<std::unique_ptr<AsioLoop>> loops_;
    std::unique_ptr<HttpServer> server_;
    std::uint16_t port_ = 0;
    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopped_ = false;
};

/// A handler that keeps requests unanswered until a test wants them answered. Thread-safe.
class Parlour {
public:
    HttpHandler handler();
    /// Waits until `count` requests have been handed over, at most ten seconds; false if they have not.
    bool wait_for(std::size_t count);
    /// The Responds so far, for use on the server's loop.
    std::vector<Respond> take();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t seen_ = 0;
    std::vector<Respond> kept_;
};

/// Answers "<method> <target> <body>".
HttpHandler echo();

}  // namespace dtmd::net
