#pragma once

#include "net/asio_loop.h"
#include "net/http_server.h"
#include "net/http_wire.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace dtmd::net {

class HttpSession;

/// What all sessions of a server share. Owners: the server, and each session, since a session's coroutine may only
/// be destroyed together with its io_context.
struct ServerState {
    HttpServerOptions options;
    HttpHandler handler;
    std::atomic<std::size_t> connections{0};  ///< Admitted and not yet gone.
    std::atomic<bool> abandoned{false};       ///< The server is gone: the handler must not be called any more.
};

/// What the sessions of one loop share. Touched on that loop only. Owners as above.
struct SessionGroup : std::enable_shared_from_this<SessionGroup> {
    SessionGroup(AsioLoop& home, std::shared_ptr<ServerState> shared)
        : loop(home), state(std::move(shared)), sweeper(home.context()) {}

    AsioLoop& loop;
    std::shared_ptr<ServerState> state;
    std::unordered_set<HttpSession*> sessions;
    boost::asio::steady_timer sweeper;
    DateLine date;
    bool sweeping = false;
    bool stopping = false;

    /// Ends what has taken too long. One timer per loop instead of one per read and write, which cost 6 % of all CPU.
    void sweep();
    void start_sweeping();

    /// Whoever has no request under way goes; the others go after their answer.
    void stop_gently();
    void close_all();
    /// As close_all(), and requests that are still being answered are forgotten.
    void abandon();

private:
    std::vector<std::shared_ptr<HttpSession>> snapshot() const;
};

/// One connection. Owners: its coroutine, and a Respond that has not been called yet.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
public:
    /// Takes over one of `group->state->connections`.
    HttpSession(boost::asio::ip::tcp::socket socket, std::shared_ptr<SessionGroup> group);
    ~HttpSession();

    /// Serves requests until the peer or we have had enough. Spawn on the group's loop.
    static boost::asio::awaitable<void> run(std::shared_ptr<HttpSession> self);

    /// Says why it is not served, and ends.
    static boost::asio::awaitable<void> turn_away(std::shared_ptr<HttpSession> self, Refusal refusal);

    /// Ends what should have been finished at `now`.
    void expire_by(std::chrono::steady_clock::time_point now);
    /// No more requests: closes if it waits for one.
    void stop_gently();
    void close();
    void abandon();

    /// The handler's answer. Only the first one counts. Its sending begins after the caller has returned.
    void answer(HttpResponse response);

private:
    enum class Doing : std::uint8_t { idle, header, body, work, write, drain };

    boost::asio::awaitable<bool> read_request(RequestParser& parser);
    boost::asio::awaitable<bool> read_more(std::size_t at_most);
    boost::asio::awaitable<bool> allow_body();
    boost::asio::awaitable<void> wait_for_answer();
    boost::asio::awaitable<bool> write(std::string bytes, Millis limit);
    boost::asio::awaitable<void> refuse(Refusal refusal);
    boost::asio::awaitable<void> drain();
    boost::asio::awaitable<bool> serve_one();
    void skip_empty_lines();
    std::optional<Refusal> feed(RequestParser& parser);
    void hand_over(HttpRequest request);
    void now_doing(Doing doing, Millis limit);
    const HttpServerOptions& options() const { return group_->state->options; }

    boost::asio::ip::tcp::socket socket_;
    std::shared_ptr<SessionGroup> group_;
    boost::beast::flat_buffer buffer_;
    Doing doing_ = Doing::idle;
    std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
    bool timed_out_ = false;
    std::optional<HttpResponse> response_;
    Task resume_;  ///< Not an any_completion_handler: in Boost 1.81 assigning to one never returns.
    bool answered_ = true;
};

}  // namespace dtmd::net
