#include "net/http_server.h"

#include "net/http_session.h"
#include "observe/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <future>
#include <vector>

namespace dtmd::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr Millis stop_check{20};
constexpr Millis accept_pause{100};

void report(std::exception_ptr failed) {
    if (!failed) return;
    try {
        std::rethrow_exception(failed);
    } catch (const std::exception& error) {
        log::error("http.session_failed", {{"reason", error.what()}});
    }
}

class Server final : public HttpServer {
public:
    Server(std::span<AsioLoop* const> loops, HttpServerOptions options, HttpHandler handler, tcp::acceptor acceptor)
        : loops_(loops.begin(), loops.end()), acceptor_(std::move(acceptor)), port_(acceptor_.local_endpoint().port()) {
        state_->options = std::move(options);
        state_->handler = std::move(handler);
        for (AsioLoop* loop : loops_) groups_.push_back(std::make_shared<SessionGroup>(*loop, state_));
    }

    std::uint16_t port() const override { return port_; }

    void start() { asio::co_spawn(loops_.front()->context(), accept_all(), report); }

    void stop(Millis limit, Task done) override {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        for (std::size_t i = 0; i < groups_.size(); ++i) {
            loops_[i]->post([group = groups_[i]] {
                group->stopping = true;
                for (HttpSession* session : snapshot(*group)) session->stop_gently();
            });
        }
        wait_until_gone(loops_.front()->steady() + limit, std::move(done));
    }

private:
    static std::vector<HttpSession*> snapshot(const SessionGroup& group) {
        return {group.sessions.begin(), group.sessions.end()};
    }

    void wait_until_gone(std::chrono::microseconds deadline, Task done) {
        if (state_->connections.load(std::memory_order_relaxed) == 0) return done();
        if (loops_.front()->steady() >= deadline) {
            for (std::size_t i = 0; i < groups_.size(); ++i) {
                loops_[i]->post([group = groups_[i]] {
                    for (HttpSession* session : snapshot(*group)) session->close();
                });
            }
            return done();
        }
        loops_.front()->after(stop_check, [this, deadline, done = std::move(done)]() mutable {
            wait_until_gone(deadline, std::move(done));
        });
    }

    asio::awaitable<void> accept_all() {
        std::size_t turn = 0;
        while (acceptor_.is_open()) {
            const std::size_t index = turn++ % loops_.size();
            auto [error, socket] = co_await acceptor_.async_accept(loops_[index]->context(), as_values);
            if (error == asio::error::operation_aborted) co_return;
            if (error) {
                co_await rest_after(error);
                continue;
            }
            admit(groups_[index], std::move(socket));
        }
    }

    // Out of file descriptors, most likely: trying again at once would only burn a core.
    asio::awaitable<void> rest_after(boost::system::error_code error) {
        const auto now = loops_.front()->steady();
        if (now - last_complaint_ > std::chrono::seconds(1)) {
            last_complaint_ = now;
            log::error("http.accept_failed", {{"reason", error.message()}});
        }
        asio::steady_timer timer(loops_.front()->context(), accept_pause);
        co_await timer.async_wait(as_values);
    }

    void admit(std::shared_ptr<SessionGroup> group, tcp::socket socket) {
        if (state_->connections.load(std::memory_order_relaxed) >= state_->options.max_connections) {
            HttpResponse full;
            full.status = 503;
            full.body = R"json({"message":"too many connections (Limits.MaxConnections)"})json";
            boost::system::error_code ignored;
            socket.non_blocking(true, ignored);
            socket.write_some(asio::buffer(serialize(full, false, false)), ignored);
            return;
        }
        AsioLoop& loop = group->loop;
        loop.post([group = std::move(group), socket = std::move(socket)]() mutable {
            auto session = std::make_shared<HttpSession>(std::move(socket), group);
            asio::co_spawn(group->loop.context(), HttpSession::run(std::move(session)), report);
        });
    }

    std::shared_ptr<ServerState> state_ = std::make_shared<ServerState>();
    std::vector<AsioLoop*> loops_;
    std::vector<std::shared_ptr<SessionGroup>> groups_;
    tcp::acceptor acceptor_;
    std::uint16_t port_;
    std::chrono::microseconds last_complaint_{-2'000'000};
};

Error cannot_listen(const HttpServerOptions& options, const boost::system::error_code& error) {
    const std::string host = options.host.empty() ? "all interfaces" : options.host;
    std::string what = "cannot listen on " + host + ":" + std::to_string(options.port) + ": " + error.message();
    if (error == asio::error::address_in_use) what += "; another process has this port: stop it, or set HttpPort";
    if (error == asio::error::access_denied) what += "; ports below 1024 need privileges: set HttpPort";
    if (error == boost::system::errc::address_not_available) what += "; this machine has no such address: check Host";
    return Error{Errc::unavailable, std::move(what)};
}

}  // namespace

Result<std::unique_ptr<HttpServer>> listen_http(std::span<AsioLoop* const> loops, HttpServerOptions options, HttpHandler handler) {
    auto& context = loops.front()->context();
    boost::system::error_code error;
    tcp::endpoint endpoint(tcp::v4(), options.port);
    if (!options.host.empty()) {
        tcp::resolver resolver(context);
        const auto found = resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
        if (error) {
            return Error{Errc::unavailable, "cannot listen on '" + options.host + "': " + error.message() + ": check Host"};
        }
        endpoint = *found.begin();
    }
    tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return cannot_listen(options, error);
    auto server = std::make_unique<Server>(loops, std::move(options), std::move(handler), std::move(acceptor));
    server->start();
    return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace dtmd::net
