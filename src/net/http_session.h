#pragma once

#include "net/asio_loop.h"
#include "net/http_server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

namespace dtmd::net {

class HttpSession;

/// What all sessions of a server share. Owners: the server, and each session, since a session's coroutine may only
/// be destroyed together with its io_context.
struct ServerState {
    HttpServerOptions options;
    HttpHandler handler;
    std::atomic<std::size_t> connections{0};
};

/// What the sessions of one loop share. Touched on that loop only. Owners as above.
struct SessionGroup : std::enable_shared_from_this<SessionGroup> {
    SessionGroup(AsioLoop& home, std::shared_ptr<ServerState> shared)
        : loop(home), state(std::move(shared)), sweeper(home.context()) {}

    AsioLoop& loop;
    std::shared_ptr<ServerState> state;
    std::unordered_set<HttpSession*> sessions;
    boost::asio::steady_timer sweeper;
    bool sweeping = false;
    bool stopping = false;

    /// Ends what has taken too long. One timer per loop instead of one per read and write, which cost 6 % (stack.md).
    void sweep();
    void start_sweeping();
};

/// One connection. Owners: its coroutine, and a Respond that has not been called yet.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
public:
    HttpSession(boost::asio::ip::tcp::socket socket, std::shared_ptr<SessionGroup> group);
    ~HttpSession();

    /// Serves requests until the peer or we have had enough. Spawn on the group's loop.
    static boost::asio::awaitable<void> run(std::shared_ptr<HttpSession> self);

    /// The deadline of what it is doing has passed at `now`?
    void expire_by(std::chrono::steady_clock::time_point now);
    /// No more requests: closes if it waits for one.
    void stop_gently();
    void close();

    /// The handler's answer. Only the first one counts.
    void answer(HttpResponse response);

private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
    enum class Doing : std::uint8_t { idle, header, body, work, write, drain };

    boost::asio::awaitable<bool> read_request(Parser& parser);
    boost::asio::awaitable<bool> read_more();
    boost::asio::awaitable<void> wait_for_answer();
    boost::asio::awaitable<bool> write(std::string bytes);
    boost::asio::awaitable<void> refuse(unsigned status, std::string message);
    boost::asio::awaitable<void> refuse_parse_error(boost::system::error_code error);
    boost::asio::awaitable<void> drain();
    boost::asio::awaitable<bool> serve_one();
    void hand_over(HttpRequest request);
    void now_doing(Doing doing, Millis limit);

    boost::asio::ip::tcp::socket socket_;
    std::shared_ptr<SessionGroup> group_;
    boost::beast::flat_buffer buffer_;
    Doing doing_ = Doing::idle;
    std::chrono::steady_clock::time_point deadline_;
    bool timed_out_ = false;
    std::optional<HttpResponse> response_;
    Task resume_;  ///< Not an any_completion_handler: in Boost 1.81 assigning to one never returns.
    bool answered_ = true;
};

/// Status line, headers and body of an answer, ready to be sent. `head_only`: the body is left out (HEAD).
std::string serialize(const HttpResponse& response, bool keep_alive, bool head_only);

}  // namespace dtmd::net
