#include "participant/http/http_caller.h"

#include "observe/log.h"
#include "participant/http/interpret.h"
#include "participant/reply.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;

constexpr Millis sweep_interval{25};
constexpr Millis pool_sweep_interval{1'000};
// A kept-alive connection that the peer had closed shows it at once. A peer that ends it later has worked on the call.
constexpr Millis stale_shows_within{500};

void report(std::exception_ptr failed) {
    if (!failed) return;
    try {
        std::rethrow_exception(failed);
    } catch (const std::exception& error) {
        log::error("participant.call_failed", {{"reason", error.what()}});
    }
}

// dtm's IS_DOCKER: what a user calls localhost is outside of this container.
void point_to_host(std::string& url) {
    const auto destination = parse_destination(url);
    if (!destination || (destination->host != "localhost" && destination->host != "127.0.0.1")) return;
    const auto at = static_cast<std::size_t>(destination->host.data() - url.data());
    url.replace(at, destination->host.size(), "host.docker.internal");
}

// No host is to blame.
Reply cannot_call(const Error& error) { return unknown_reply(error.what, true, 0); }

Reply interpret(const Call& call, HttpAnswer answer) {
    if (is_json_rpc(call)) return interpret_json_rpc(answer.status, std::move(answer.body));
    return interpret_http(answer.status, std::move(answer.body));
}

}  // namespace

/// A call under way. Owners: its coroutine, and the list the sweeper goes through.
struct HttpCaller::OpenCall {
    OpenCall(Call what, Done then) : call(std::move(what)), done(std::move(then)) {
        call.protocol = protocol;
        call.trans_type = trans_type;
    }

    Call call;
    std::string protocol{call.protocol}, trans_type{call.trans_type};  ///< The caller's need not outlive call().
    Done done;
    Destination destination;  ///< Views into call.url.
    Clock::time_point started, deadline;
    Clock::time_point connect_deadline = Clock::time_point::max();
    std::size_t place = 0;                 ///< In open_.
    HttpConnection* connection = nullptr;  ///< What it uses now; its coroutine owns it.
    bool starting = true;                  ///< call() has not returned yet.
    bool finished = false;

    /// The URL without what may be secret.
    Reply lost(std::string_view why) const {
        const std::string_view path = destination.target.substr(0, destination.target.find('?'));
        std::string text(destination.tls ? "https://" : "http://");
        text.append(destination.authority).append(path).append(": ").append(why);
        return unknown_reply(text, false, 0);
    }
};

HttpCaller::HttpCaller(net::AsioLoop& loop, HttpParticipantOptions options)
    : loop_(loop),
      options_(std::move(options)),
      tls_(make_tls_context(options_.verify_tls, options_.ca_file)),
      sweeper_(loop.context()),
      names_(std::make_shared<NameCache>(loop.context())),
      pool_(options_.max_idle_per_host, options_.idle_timeout) {}

void HttpCaller::start(Call call, Done done) {
    auto open = std::make_shared<OpenCall>(std::move(call), std::move(done));
    open->started = Clock::now();
    open->deadline = open->started + open->call.timeout;
    open->place = open_.size();
    open_.push_back(open);
    sweep_every(sweep_interval);
    asio::co_spawn(loop_.context(), run(shared_from_this(), open), report);
    open->starting = false;
}

void HttpCaller::close() {
    closed_ = true;
    sweeper_.cancel();
    pool_.clear();
    for (const auto& open : std::exchange(open_, {})) {
        open->finished = true;
        open->done = nullptr;
        if (open->connection != nullptr) open->connection->close();
    }
}

asio::awaitable<void> HttpCaller::run(std::shared_ptr<HttpCaller> self, std::shared_ptr<OpenCall> open) {
    Reply reply = co_await self->perform(open);
    // What needs no socket, such as a URL that is wrong or a host known to be unknown, has an end at once.
    if (open->starting) co_await asio::post(self->loop_.context(), asio::use_awaitable);
    self->finish(*open, std::move(reply));
}

void HttpCaller::finish(OpenCall& open, Reply reply) {
    if (std::exchange(open.finished, true)) return;
    open_.back()->place = open.place;
    std::swap(open_[open.place], open_.back());
    const auto self = std::move(open_.back());
    open_.pop_back();
    reply.took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - open.started);
    Done done = std::move(open.done);
    done(std::move(reply));
}

asio::awaitable<Reply> HttpCaller::perform(std::shared_ptr<OpenCall> open) {
    Call& call = open->call;
    if (options_.docker) point_to_host(call.url);
    const auto destination = parse_destination(call.url);
    if (!destination) co_return cannot_call(destination.error());
    open->destination = *destination;
    std::unique_ptr<HttpConnection> connection = pool_.take(destination->origin);
    bool may_be_stale = connection != nullptr;
    while (true) {
        auto request = serialize_call(call, *destination);
        if (!request) co_return cannot_call(request.error());
        if (!connection) {
            auto connected = co_await connect(open);
            if (!connected) co_return open->lost(connected.error().what);
            connection = std::move(*connected);
        }
        if (open->finished) co_return Reply();
        open->connection = connection.get();
        const auto sent = Clock::now();
        std::string bytes = std::move(*request);
        Result<HttpAnswer> answer = co_await connection->exchange(std::move(bytes), options_.max_response);
        open->connection = nullptr;
        if (open->finished) co_return Reply();
        if (answer) {
            if (answer->keep_alive) pool_.keep(destination->origin, std::move(connection));
            co_return interpret(call, std::move(*answer));
        }
        connection.reset();
        // The peer had closed it meanwhile: that says nothing about the peer. A repeat is safe in any case, since
        // branches are idempotent.
        const bool was_stale =
            may_be_stale && answer.error().code == Errc::unavailable && Clock::now() - sent < stale_shows_within;
        if (!was_stale) co_return open->lost(answer.error().what);
        may_be_stale = false;
    }
}

asio::awaitable<Result<std::unique_ptr<HttpConnection>>> HttpCaller::connect(std::shared_ptr<OpenCall> open) {
    const Destination& destination = open->destination;
    open->connect_deadline = Clock::now() + options_.connect_timeout;
    std::string host(destination.host), port(destination.port);
    auto endpoints = co_await names_->find(host, std::move(port));
    if (!endpoints) co_return endpoints.error();
    if (open->finished) co_return Error{Errc::unavailable, "given up"};
    auto connection = std::make_unique<HttpConnection>(loop_.context(), destination.tls ? &tls_ : nullptr);
    open->connection = connection.get();
    const auto connected = co_await connection->connect(std::move(*endpoints), std::move(host));
    open->connection = nullptr;
    open->connect_deadline = Clock::time_point::max();
    if (!connected) co_return connected.error();
    co_return connection;
}

// Often while calls are open, so that time-outs are kept; seldom while connections only wait.
void HttpCaller::sweep_every(Millis interval) {
    if (interval == sweeping_every_ || closed_) return;
    sweeping_every_ = interval;
    sweeper_.expires_after(interval);
    sweeper_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->sweeping_every_ = Millis{0};
        self->sweep();
    });
}

void HttpCaller::sweep() {
    const auto now = Clock::now();
    std::vector<std::shared_ptr<OpenCall>> late;
    for (const auto& open : open_) {
        if (now >= open->deadline || now >= open->connect_deadline) late.push_back(open);
    }
    if (now >= next_pool_sweep_) {
        next_pool_sweep_ = now + pool_sweep_interval;
        pool_.sweep(now);
    }
    // Before the replies, which may start further calls or destroy us.
    if (!open_.empty()) {
        sweep_every(sweep_interval);
    } else if (!pool_.empty()) {
        sweep_every(pool_sweep_interval);
    }
    for (const auto& open : late) {
        if (!open->finished) give_up(*open, now);
    }
}

// The connection goes first: when the caller hears of it, nothing of the call is open any more. The coroutine finds
// out later, in the worst case when a name server has answered.
void HttpCaller::give_up(OpenCall& open, Clock::time_point now) {
    if (open.connection != nullptr) open.connection->close();
    const bool has_called = open.connect_deadline == Clock::time_point::max();
    const Millis limit = now >= open.deadline ? open.call.timeout : options_.connect_timeout;
    const std::string within = " within " + std::to_string(limit.count()) + " ms";
    finish(open, open.lost((has_called ? "no answer" : "no connection") + within));
}

}  // namespace dtmd::participant
