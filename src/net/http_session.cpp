#include "net/http_session.h"

#include "observe/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace dtmd::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using SteadyClock = std::chrono::steady_clock;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

constexpr Millis refusal_limit{2'000};
constexpr Millis drain_limit{2'000};
// An idle connection keeps one read's room, and there may be 20,000 of them: small, yet enough for most requests.
constexpr std::size_t read_size = 4 * 1024;
constexpr std::size_t body_read_size = 64 * 1024;

// Held by the handler's Respond: if that is dropped without an answer, the client is told so at once.
class Promise {
public:
    explicit Promise(std::shared_ptr<HttpSession> session) : session_(std::move(session)) {}
    Promise(Promise&&) = default;
    ~Promise() {
        if (session_) session_->answer(message_response(500, "internal error"));
    }
    void keep(HttpResponse response) {
        if (session_) std::exchange(session_, nullptr)->answer(std::move(response));
    }

private:
    std::shared_ptr<HttpSession> session_;
};

std::size_t room_for_body(const RequestParser& parser) {
    if (!parser.is_header_done()) return read_size;
    const auto left = parser.content_length_remaining();
    return std::clamp<std::size_t>(left ? *left : body_read_size, read_size, body_read_size);
}

// A body is announced, none of it has come, and the peer waits for our word.
bool wants_go_ahead(const RequestParser& parser) {
    return parser.get().version() >= 11 && boost::beast::iequals(parser.get()[http::field::expect], "100-continue");
}

}  // namespace

HttpSession::HttpSession(asio::ip::tcp::socket socket, std::shared_ptr<SessionGroup> group)
    : socket_(std::move(socket)), group_(std::move(group)) {
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
    if (doing_ != Doing::header && doing_ != Doing::body) return close();
    timed_out_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void HttpSession::stop_gently() {
    if (doing_ == Doing::idle || doing_ == Doing::drain) close();
}

void HttpSession::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

void HttpSession::abandon() {
    close();
    const Task dropped = std::exchange(resume_, nullptr);
}

asio::awaitable<bool> HttpSession::read_more(std::size_t at_most) {
    const auto space = buffer_.prepare(at_most);
    const auto [error, count] = co_await socket_.async_read_some(space, as_values);
    if (error) co_return false;
    buffer_.commit(count);
    co_return true;
}

std::optional<Refusal> HttpSession::feed(RequestParser& parser) {
    const bool had_header = parser.is_header_done();
    boost::system::error_code error;
    do buffer_.consume(parser.put(buffer_.data(), error));
    while (!error && !parser.is_done() && buffer_.size() > 0);
    const bool has_header_now = !had_header && parser.is_header_done();
    if (has_header_now) now_doing(Doing::body, options().body_timeout);
    // What is wrong with the header is told first, however much of the body came with it.
    std::optional<Refusal> complaint = has_header_now ? complaint_about(parser) : std::nullopt;
    if (complaint) return complaint;
    if (error && error != http::error::need_more) return refusal_of(error, options());
    return has_header_now ? std::nullopt : complaint_about_rest(parser, buffer_.size(), options());
}

// Some clients end a body with a line of its own that they don't count (RFC 9112, 2.2).
void HttpSession::skip_empty_lines() {
    const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    buffer_.consume(std::min(bytes.find_first_not_of("\r\n"), bytes.size()));
}

asio::awaitable<bool> HttpSession::allow_body() {
    std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto [error, count] = co_await asio::async_write(socket_, asio::buffer(go_on), as_values);
    co_return !error;
}

// True: the parser holds a whole request. False: the connection is done for, and whatever there was to say is said.
asio::awaitable<bool> HttpSession::read_request(RequestParser& parser) {
    timed_out_ = false;
    now_doing(Doing::idle, options().idle_timeout);
    bool was_allowed = false;
    while (true) {
        if (doing_ == Doing::idle) skip_empty_lines();
        if (buffer_.size() > 0) {
            if (doing_ == Doing::idle) now_doing(Doing::header, options().header_timeout);
            std::optional<Refusal> refusal = feed(parser);
            if (refusal) {
                co_await refuse(std::move(*refusal));
                co_return false;
            }
            if (parser.is_done()) co_return true;
            if (parser.is_header_done() && !was_allowed) {
                was_allowed = true;
                if (buffer_.size() == 0 && wants_go_ahead(parser)) co_await allow_body();
            }
        }
        if (doing_ == Doing::idle && group_->stopping) co_return false;
        const bool more = co_await read_more(room_for_body(parser));
        if (more) continue;
        if (timed_out_ && socket_.is_open()) {
            const std::string late = doing_ == Doing::header ? "headers" : "body";
            Refusal refusal{408, "the request's " + late + " did not arrive in time"};
            co_await refuse(std::move(refusal));
        }
        co_return false;
    }
}

asio::awaitable<void> HttpSession::refuse(Refusal refusal) {
    const HttpResponse response = message_response(refusal.status, refusal.message);
    std::string bytes = serialize(response, {.keep_alive = false, .date = group_->date.now()});
    const bool written = co_await write(std::move(bytes), refusal_limit);
    if (written) co_await drain();
}

// Closing while the peer still sends would reset the connection and could take our answer with it.
asio::awaitable<void> HttpSession::drain() {
    boost::system::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    now_doing(Doing::drain, drain_limit);
    bool more = true;
    while (more) {
        buffer_.clear();
        more = co_await read_more(body_read_size);
    }
}

asio::awaitable<bool> HttpSession::write(std::string bytes, Millis limit) {
    now_doing(Doing::write, limit);
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
    if (group_->state->abandoned) return answer(message_response(503, "the server is stopping"));
    Respond respond = [promise = Promise(shared_from_this())](HttpResponse response) mutable {
        promise.keep(std::move(response));
    };
    try {
        group_->state->handler(std::move(request), group_->loop, std::move(respond));
    } catch (const std::exception& failed) {
        log::error("http.handler_failed", {{"reason", failed.what()}});
        answer(message_response(500, "internal error"));
    }
}

void HttpSession::answer(HttpResponse response) {
    if (answered_) return;
    answered_ = true;
    response_ = std::move(response);
    if (!resume_) return;
    Task resume = std::exchange(resume_, nullptr);
    if (group_->state->abandoned) return;
    // Not at once: the next request of this connection would be handled in the middle of whoever gave this answer.
    asio::post(socket_.get_executor(), std::move(resume));
}

asio::awaitable<void> HttpSession::wait_for_answer() {
    const auto keep_handler = [this](auto handler) {
        resume_ = [handler = std::move(handler)]() mutable { std::move(handler)(); };
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(keep_handler, asio::use_awaitable);
}

// Whether the connection goes on to its next request.
asio::awaitable<bool> HttpSession::serve_one() {
    RequestParser parser;
    parser.eager(true);
    parser.header_limit(static_cast<std::uint32_t>(options().max_header));
    parser.body_limit(options().max_body);
    const bool complete = co_await read_request(parser);
    if (!complete) co_return false;

    const bool wants_more = parser.get().keep_alive();
    Envelope envelope;
    envelope.head_only = parser.get().method() == http::verb::head;
    envelope.http_1_0 = parser.get().version() < 11;
    const std::string_view target(parser.get().target().data(), parser.get().target().size());
    if (!target.starts_with('/')) parser.get().target(origin_form(target));
    hand_over(parser.release());
    if (!response_) co_await wait_for_answer();
    if (!socket_.is_open()) co_return false;
    envelope.keep_alive = wants_more && !group_->stopping;
    envelope.date = group_->date.now();
    std::string bytes = serialize(*response_, envelope);
    response_.reset();
    const bool written = co_await write(std::move(bytes), options().write_timeout);
    if (written && envelope.keep_alive) co_return true;
    boost::system::error_code ignored;
    if (written && (buffer_.size() > 0 || socket_.available(ignored) > 0)) co_await drain();
    co_return false;
}

asio::awaitable<void> HttpSession::run(std::shared_ptr<HttpSession> self) {
    boost::system::error_code ignored;
    self->socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    self->socket_.non_blocking(true, ignored);
    bool goes_on = true;
    while (goes_on) {
        goes_on = co_await self->serve_one();
        if (self->buffer_.size() == 0 && self->buffer_.capacity() > body_read_size / 4) self->buffer_.shrink_to_fit();
    }
    self->socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    self->close();
}

asio::awaitable<void> HttpSession::turn_away(std::shared_ptr<HttpSession> self, Refusal refusal) {
    boost::system::error_code ignored;
    self->socket_.non_blocking(true, ignored);
    co_await self->refuse(std::move(refusal));
    self->close();
}

}  // namespace dtmd::net
