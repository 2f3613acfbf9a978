#include "net/http_session.h"

#include "observe/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>

namespace dtmd::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using SteadyClock = std::chrono::steady_clock;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

constexpr Millis sweep_interval{250};
constexpr Millis drain_limit{2'000};
constexpr std::size_t read_size = 16 * 1024;

std::string as_json(std::string_view message) {
    std::string body = R"({"message":")";
    for (const char c : message) {
        if (c == '"' || c == '\\') body += '\\';
        body += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return body + "\"}";
}

struct Refusal {
    unsigned status;
    std::string message;
};

Refusal refusal_of(const boost::system::error_code& error, const HttpServerOptions& options) {
    if (error == http::error::body_limit) {
        return {413, "the request's body is larger than " + std::to_string(options.max_body) + " bytes (Limits.MaxBody)"};
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return {431, "the request's headers are larger than " + std::to_string(options.max_header) + " bytes (Limits.MaxHeader)"};
    }
    if (error == http::error::bad_version) return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    return {400, "the request is not valid HTTP: " + error.message()};
}

// Held by the handler's Respond: if that is dropped without an answer, the client is told so instead of waiting for ever.
class Promise {
public:
    explicit Promise(std::shared_ptr<HttpSession> session) : session_(std::move(session)) {}
    Promise(Promise&&) = default;
    ~Promise() {
        if (session_) session_->answer({.status = 500, .body = as_json("internal error"), .headers = {}});
    }
    void keep(HttpResponse response) {
        if (session_) std::exchange(session_, nullptr)->answer(std::move(response));
    }

private:
    std::shared_ptr<HttpSession> session_;
};

}  // namespace

std::string serialize(const HttpResponse& response, bool keep_alive, bool head_only) {
    const std::string_view reason = http::obsolete_reason(static_cast<http::status>(response.status));
    std::string bytes;
    bytes.reserve(160 + response.body.size());
    bytes.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason);
    bytes.append("\r\nContent-Type: ").append(response.content_type);
    bytes.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
    for (const auto& [name, value] : response.headers) bytes.append("\r\n").append(name).append(": ").append(value);
    bytes.append(keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
    if (!head_only) bytes.append(response.body);
    return bytes;
}

void SessionGroup::start_sweeping() {
    if (sweeping) return;
    sweeping = true;
    sweeper.expires_after(sweep_interval);
    // Weak: the wait's end may still be queued when the server and its sessions are gone.
    sweeper.async_wait([group = weak_from_this()](const boost::system::error_code& error) {
        const auto self = group.lock();
        if (!self) return;
        self->sweeping = false;
        if (!error) self->sweep();
    });
}

void SessionGroup::sweep() {
    const auto now = SteadyClock::now();
    const std::vector<HttpSession*> all(sessions.begin(), sessions.end());
    for (HttpSession* session : all) session->expire_by(now);
    if (!sessions.empty()) start_sweeping();
}

HttpSession::HttpSession(asio::ip::tcp::socket socket, std::shared_ptr<SessionGroup> group)
    : socket_(std::move(socket)), group_(std::move(group)) {
    group_->state->connections.fetch_add(1, std::memory_order_relaxed);
    group_->sessions.insert(this);
    group_->start_sweeping();
}

HttpSession::~HttpSession() {
    group_->sessions.erase(this);
    group_->state->connections.fetch_sub(1, std::memory_order_relaxed);
}

void HttpSession::now_doing(Doing doing, Millis limit) {
    doing_ = doing;
    deadline_ = SteadyClock::now() + limit;
}

void HttpSession::expire_by(SteadyClock::time_point now) {
    if (doing_ == Doing::work || now < deadline_) return;
    boost::system::error_code ignored;
    if (doing_ == Doing::header || doing_ == Doing::body) {
        timed_out_ = true;
        socket_.cancel(ignored);
    } else {
        close();
    }
}

void HttpSession::stop_gently() {
    if (doing_ == Doing::idle) close();
}

void HttpSession::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

asio::awaitable<bool> HttpSession::read_more() {
    const auto space = buffer_.prepare(read_size);
    const auto [error, count] = co_await socket_.async_read_some(space, as_values);
    if (error) co_return false;
    buffer_.commit(count);
    co_return true;
}

// True: the parser holds a whole request. False: the connection is done for, and whatever there was to say is said.
asio::awaitable<bool> HttpSession::read_request(Parser& parser) {
    now_doing(Doing::idle, group_->state->options.idle_timeout);
    if (group_->stopping) co_return false;
    bool first = true;
    while (true) {
        if (buffer_.size() > 0) {
            if (first) now_doing(Doing::header, group_->state->options.header_timeout);
            first = false;
            boost::system::error_code error;
            const bool had_header = parser.is_header_done();
            buffer_.consume(parser.put(buffer_.data(), error));
            if (error && error != http::error::need_more) {
                co_await refuse_parse_error(error);
                co_return false;
            }
            if (parser.is_done()) co_return true;
            if (parser.is_header_done() && !had_header) {
                now_doing(Doing::body, group_->state->options.body_timeout);
                const bool waits = boost::beast::iequals(parser.get()[http::field::expect], "100-continue");
                if (waits && buffer_.size() == 0) {
                    std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
                    const auto [failed, count] = co_await asio::async_write(socket_, asio::buffer(go_on), as_values);
                    if (failed) co_return false;
                }
            }
        }
        const bool more = co_await read_more();
        if (more) continue;
        if (timed_out_) {
            const bool headers = doing_ == Doing::header;
            std::string what = headers ? "the request's headers" : "the request's body";
            co_await refuse(408, what + " did not arrive in time");
        }
        co_return false;
    }
}

asio::awaitable<void> HttpSession::refuse_parse_error(boost::system::error_code error) {
    Refusal refusal = refusal_of(error, group_->state->options);
    co_await refuse(refusal.status, std::move(refusal.message));
}

asio::awaitable<void> HttpSession::refuse(unsigned status, std::string message) {
    HttpResponse response;
    response.status = status;
    response.body = as_json(message);
    std::string bytes = serialize(response, false, false);
    const bool written = co_await write(std::move(bytes));
    if (written) co_await drain();
}

// Closing while the peer still sends would reset the connection and could take our answer with it.
asio::awaitable<void> HttpSession::drain() {
    boost::system::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    now_doing(Doing::drain, drain_limit);
    while (true) {
        buffer_.clear();
        const bool more = co_await read_more();
        if (!more) co_return;
    }
}

asio::awaitable<bool> HttpSession::write(std::string bytes) {
    now_doing(Doing::write, group_->state->options.write_timeout);
    // Nearly always the kernel takes all of it at once.
    boost::system::error_code error;
    std::size_t sent = socket_.write_some(asio::buffer(bytes), error);
    if (!error && sent == bytes.size()) co_return true;
    if (error && error != asio::error::would_block && error != asio::error::try_again) co_return false;
    if (error) sent = 0;
    const auto rest = asio::buffer(bytes.data() + sent, bytes.size() - sent);
    const auto [failed, count] = co_await asio::async_write(socket_, rest, as_values);
    co_return !failed;
}

void HttpSession::hand_over(HttpRequest request) {
    now_doing(Doing::work, Millis{0});
    response_.reset();
    answered_ = false;
    Respond respond = [promise = Promise(shared_from_this())](HttpResponse response) mutable {
        promise.keep(std::move(response));
    };
    try {
        group_->state->handler(std::move(request), group_->loop, std::move(respond));
    } catch (const std::exception& failed) {
        log::error("http.handler_failed", {{"reason", failed.what()}});
        answer({.status = 500, .body = as_json("internal error"), .headers = {}});
    }
}

void HttpSession::answer(HttpResponse response) {
    if (answered_) return;
    answered_ = true;
    response_ = std::move(response);
    if (resume_) {
        Task resume = std::move(resume_);
        resume_ = nullptr;
        resume();
    }
}

asio::awaitable<void> HttpSession::wait_for_answer() {
    const auto keep_handler = [this](auto handler) {
        resume_ = [handler = std::move(handler)]() mutable { std::move(handler)(); };
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(keep_handler, asio::use_awaitable);
}

// Whether the connection goes on to its next request.
asio::awaitable<bool> HttpSession::serve_one() {
    Parser parser;
    parser.eager(true);
    parser.header_limit(static_cast<std::uint32_t>(group_->state->options.max_header));
    parser.body_limit(group_->state->options.max_body);
    const bool complete = co_await read_request(parser);
    if (!complete) co_return false;

    const bool wants_more = parser.get().keep_alive();
    const bool head_only = parser.get().method() == http::verb::head;
    hand_over(parser.release());
    if (!response_) co_await wait_for_answer();
    if (!response_ || !socket_.is_open()) co_return false;
    const bool keep = wants_more && !group_->stopping && response_->status != 408;
    std::string bytes = serialize(*response_, keep, head_only);
    const bool written = co_await write(std::move(bytes));
    co_return written && keep;
}

asio::awaitable<void> HttpSession::run(std::shared_ptr<HttpSession> self) {
    boost::system::error_code ignored;
    self->socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    self->socket_.non_blocking(true, ignored);
    bool goes_on = true;
    while (goes_on) goes_on = co_await self->serve_one();
    self->socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    self->close();
}

}  // namespace dtmd::net
