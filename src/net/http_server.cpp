#include "net/http_server.h"

#include "net/http_session.h"
#include "observe/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cctype>
#include <vector>

namespace dtmd::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr Millis stop_check{20};
constexpr Millis accept_pause{100};
// So many beyond the limit are told why they are turned away; still more are closed without a word.
constexpr std::size_t told_why = 256;

void report(std::exception_ptr failed) {
    if (!failed) return;
    try {
        std::rethrow_exception(failed);
    } catch (const std::exception& error) {
        log::error("http.session_failed", {{"reason", error.what()}});
    }
}

// Forgets the sessions of a group on its loop; or, if the loop never runs again, when its queue is destroyed.
class Abandonment {
public:
    explicit Abandonment(std::shared_ptr<SessionGroup> group) : group_(std::move(group)) {}
    Abandonment(Abandonment&&) = default;
    ~Abandonment() {
        if (group_) group_->abandon();
    }
    void operator()() { std::exchange(group_, nullptr)->abandon(); }

private:
    std::shared_ptr<SessionGroup> group_;
};

/// Owners: the server, its accepting coroutine, and the pending check of a stop.
class Listener : public std::enable_shared_from_this<Listener> {
public:
    Listener(std::span<AsioLoop* const> loops, HttpServerOptions options, HttpHandler handler, tcp::acceptor acceptor)
        : first_(*loops.front()), acceptor_(std::move(acceptor)), port_(acceptor_.local_endpoint().port()) {
        state_->options = std::move(options);
        state_->handler = std::move(handler);
        for (AsioLoop* loop : loops) groups_.push_back(std::make_shared<SessionGroup>(*loop, state_));
    }

    std::uint16_t port() const { return port_; }

    void start() { asio::co_spawn(first_.context(), accept_all(shared_from_this()), report); }

    void stop(Millis limit, Task done) {
        stop_accepting();
        for (const auto& group : groups_) group->loop.post([group] { group->stop_gently(); });
        wait_until_gone(first_.steady() + limit, std::move(done));
    }

    void abandon() {
        stop_accepting();
        state_->abandoned = true;
        for (const auto& group : groups_) group->loop.post(Abandonment(group));
    }

private:
    void stop_accepting() {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
    }

    void wait_until_gone(std::chrono::microseconds deadline, Task done) {
        if (state_->connections.load(std::memory_order_relaxed) == 0) return done();
        if (first_.steady() >= deadline) {
            for (const auto& group : groups_) group->loop.post([group] { group->close_all(); });
            return done();
        }
        first_.after(stop_check, [self = shared_from_this(), deadline, done = std::move(done)]() mutable {
            self->wait_until_gone(deadline, std::move(done));
        });
    }

    static asio::awaitable<void> accept_all(std::shared_ptr<Listener> self) {
        std::size_t turn = 0;
        while (self->acceptor_.is_open()) {
            const auto group = self->groups_[turn++ % self->groups_.size()];
            auto [error, socket] = co_await self->acceptor_.async_accept(group->loop.context(), as_values);
            if (!error) {
                self->admit(group, std::move(socket));
            } else if (error != asio::error::connection_aborted && error != asio::error::operation_aborted) {
                // Out of file descriptors, most likely: trying again at once would only burn a core.
                self->complain(error);
                asio::steady_timer pause(self->first_.context(), accept_pause);
                co_await pause.async_wait(as_values);
            }
        }
    }

    void complain(const boost::system::error_code& error) {
        const auto now = first_.steady();
        if (now - last_complaint_ < std::chrono::seconds(1)) return;
        last_complaint_ = now;
        log::error("http.accept_failed",
                   {{"reason", error.message()}, {"connections", state_->connections.load(std::memory_order_relaxed)}});
    }

    void admit(std::shared_ptr<SessionGroup> group, tcp::socket socket) {
        const std::size_t most = state_->options.max_connections;
        const std::size_t before = state_->connections.load(std::memory_order_relaxed);
        if (before >= most + told_why) return;
        state_->connections.fetch_add(1, std::memory_order_relaxed);
        AsioLoop& loop = group->loop;
        loop.post([group = std::move(group), socket = std::move(socket), is_full = before >= most]() mutable {
            auto& context = group->loop.context();
            auto session = std::make_shared<HttpSession>(std::move(socket), std::move(group));
            if (!is_full) return asio::co_spawn(context, HttpSession::run(std::move(session)), report);
            Refusal refusal{503,
                            "there are too many connections (Limits.MaxConnections): close some, or try again later"};
            asio::co_spawn(context, HttpSession::turn_away(std::move(session), std::move(refusal)), report);
        });
    }

    AsioLoop& first_;
    std::shared_ptr<ServerState> state_ = std::make_shared<ServerState>();
    std::vector<std::shared_ptr<SessionGroup>> groups_;
    tcp::acceptor acceptor_;
    std::uint16_t port_;
    std::chrono::microseconds last_complaint_{-1'000'000};
};

class Server final : public HttpServer {
public:
    explicit Server(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}
    ~Server() override { listener_->abandon(); }
    std::uint16_t port() const override { return listener_->port(); }
    void stop(Millis limit, Task done) override { listener_->stop(limit, std::move(done)); }

private:
    std::shared_ptr<Listener> listener_;
};

std::string place_of(const HttpServerOptions& options) {
    if (options.host.empty()) return "port " + std::to_string(options.port) + " of all interfaces";
    const bool needs_brackets = options.host.find(':') != std::string::npos;
    const std::string host = needs_brackets ? "[" + options.host + "]" : options.host;
    return host + ":" + std::to_string(options.port);
}

Error cannot_listen(const HttpServerOptions& options, const boost::system::error_code& error) {
    std::string reason = error.message();
    if (!reason.empty()) reason.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(reason.front())));
    if (error == asio::error::address_in_use) reason += "; another process has this port: stop it or set HttpPort";
    if (error == asio::error::access_denied) reason += "; ports below 1024 need privileges: set HttpPort";
    const bool no_such_address = error == boost::system::errc::address_not_available;
    const bool no_such_name = error.category() == asio::error::get_netdb_category();
    if (no_such_address || no_such_name) reason += "; this machine has no such address: check Host";
    return Error{Errc::unavailable, "cannot listen on " + place_of(options) + ": " + reason};
}

// Where a name has several addresses the IPv4 one is taken: that is what clients of "localhost" try in any case.
Result<tcp::endpoint> endpoint_of(asio::io_context& context, const HttpServerOptions& options) {
    if (options.host.empty()) return tcp::endpoint(tcp::v6(), options.port);
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options.host, error);
    if (!error) return tcp::endpoint(address, options.port);
    tcp::resolver resolver(context);
    const auto found = resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
    if (error) return cannot_listen(options, error);
    const auto v4 =
        std::find_if(found.begin(), found.end(), [](const auto& one) { return one.endpoint().address().is_v4(); });
    return v4 == found.end() ? found.begin()->endpoint() : v4->endpoint();
}

boost::system::error_code open_on(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
    boost::system::error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error && endpoint.address().is_v6() && endpoint.address().is_unspecified()) {
        acceptor.set_option(asio::ip::v6_only(false), error);
    }
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    return error;
}

}  // namespace

Result<std::unique_ptr<HttpServer>> listen_http(std::span<AsioLoop* const> loops, HttpServerOptions options,
                                                HttpHandler handler) {
    auto& context = loops.front()->context();
    const auto endpoint = endpoint_of(context, options);
    if (!endpoint) return endpoint.error();
    tcp::acceptor acceptor(context);
    boost::system::error_code error = open_on(acceptor, *endpoint);
    if (options.host.empty() && error == boost::system::errc::address_family_not_supported) {
        acceptor = tcp::acceptor(context);
        error = open_on(acceptor, tcp::endpoint(tcp::v4(), options.port));
    }
    if (error) return cannot_listen(options, error);
    auto listener = std::make_shared<Listener>(loops, std::move(options), std::move(handler), std::move(acceptor));
    listener->start();
    return std::unique_ptr<HttpServer>(std::make_unique<Server>(std::move(listener)));
}

}  // namespace dtmd::net
