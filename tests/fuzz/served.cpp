#include "served.h"

#include "api/http/http_api.h"
#include "target.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>

#include <array>

namespace dtmd::fuzz {
namespace {

constexpr int passes = 60;
constexpr Millis pass_time{1'000};
constexpr Millis time_afterwards{20'000};

participant::Reply reply_for(std::string_view url) {
    const auto asks_for = [&](std::string_view word) { return url.find(word) != url.npos; };
    if (asks_for("fail")) return {.answer = txn::Answer::failure, .text = "FAILURE", .code = 409};
    if (asks_for("ongoing")) return {.answer = txn::Answer::ongoing, .text = "ONGOING", .code = 425};
    if (asks_for("unknown")) return {.answer = txn::Answer::unknown, .text = "HTTP 500", .code = 500};
    return {.answer = txn::Answer::success, .text = {}, .code = 200};
}

net::HttpServerOptions small_limits() {
    net::HttpServerOptions options;
    options.max_body = 32 << 10;
    options.max_header = 4 << 10;
    return options;
}

}  // namespace

void ObedientParticipant::call(participant::Call call, absl::AnyInvocable<void(participant::Reply)> done) {
    loop_.after(Millis{1}, [url = std::move(call.url), done = std::move(done)]() mutable { done(reply_for(url)); });
}

Served::Served() {
    coordinator_ = engine::make_coordinator({{time_, participant_, random_}}, store_, {}, metrics_,
                                            [](Loop&, const engine::Alert&) {});
    coordinator_->start();
    auto state = std::make_shared<net::ServerState>();
    state->options = small_limits();
    state->connections = 1;
    state->handler = api::make_http_api(*coordinator_, api_metrics_, [] { return std::string("dtm_up 1\n"); },
                                        {.version = "v1.2.3", .timeout_to_fail = 35, .admin_base_path = "/dtmd"});
    group_ = std::make_shared<net::SessionGroup>(*network_, std::move(state));

    std::array<int, 2> ends{};
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0, "there are file descriptors left");
    client_ = ends[0];
    // A socket of the session's type on what is no TCP: only its options have no effect.
    boost::asio::ip::tcp::socket socket(network_->context());
    socket.assign(boost::asio::ip::tcp::v4(), ends[1]);
    auto session = std::make_shared<net::HttpSession>(std::move(socket), group_);
    boost::asio::co_spawn(network_->context(), net::HttpSession::run(std::move(session)),
                          [this](const std::exception_ptr& failed) {
                              check(!failed, "a session throws nothing");
                              over_ = true;
                          });
    settle();
}

// The session's coroutine may only go together with its io_context, and the engine's answers before their loop.
Served::~Served() {
    group_->abandon();
    ::close(client_);
    settle();
    time_.forget_all();
    coordinator_.reset();
    group_.reset();
    network_.reset();
}

void Served::settle() {
    std::size_t done = 1;
    while (done > 0) {
        network_->context().restart();
        done = network_->context().poll();
        while (time_.step(time_.now())) ++done;
    }
    receive();
}

void Served::receive() {
    std::array<char, 16 * 1024> piece{};
    while (true) {
        const ssize_t count = recv(client_, piece.data(), piece.size(), 0);
        if (count <= 0) return;
        received_.append(piece.data(), static_cast<std::size_t>(count));
    }
}

void Served::send(std::string_view bytes) {
    while (!bytes.empty() && !over_) {
        const ssize_t count = ::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return;  // Full, or the session has closed: it has said why.
        bytes.remove_prefix(static_cast<std::size_t>(count));
        settle();
    }
}

void Served::finish() {
    shutdown(client_, SHUT_WR);
    settle();
    for (int pass = 0; pass < passes && !over_; ++pass) {
        time_.run_for(pass_time);
        settle();
    }
    time_.run_for(time_afterwards);
}

}  // namespace dtmd::fuzz
