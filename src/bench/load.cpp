#include "bench/load.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dtmd::bench {
namespace {

namespace asio = boost::asio;
using participant::HttpAnswer;
using participant::HttpConnection;

constexpr Micros before_repeat{50'000};
constexpr std::size_t max_answer = 1 << 20;
constexpr int most_tries = 1'200;  // A minute of 503s.

std::string authority_of(const std::string& url) { return url.substr(url.find("://") + 3); }

}  // namespace

Load::Load(net::AsioLoop& loop, Ledger& ledger, const Options& options, Script script, participant::Endpoints server)
    : loop_(loop),
      ledger_(ledger),
      options_(options),
      script_(std::move(script)),
      server_(std::move(server)),
      authority_(authority_of(options.server)) {}

void Load::start() {
    begun_at_ = loop_.steady();
    for (unsigned i = 0; i < options_.connections; ++i) {
        ++running_;
        asio::co_spawn(loop_.context(), client(), [this](std::exception_ptr failed) {
            --running_;
            if (failed) std::rethrow_exception(failed);
        });
    }
}

asio::awaitable<void> Load::pause(Micros span) {
    asio::steady_timer timer(loop_.context(), span);
    const auto waiting = asio::as_tuple(asio::use_awaitable);
    co_await timer.async_wait(waiting);
}

// When the next transaction is due, having waited for it.
asio::awaitable<Micros> Load::next_due() {
    if (options_.rate <= 0) co_return loop_.steady();
    const auto number = static_cast<double>(taken_++);
    const Micros due = begun_at_ + Micros{static_cast<std::int64_t>(number / options_.rate * 1e6)};
    const Micros early = due - loop_.steady();
    if (early.count() > 0) co_await pause(early);
    co_return due;
}

asio::awaitable<void> Load::client() {
    Connection connection;
    while (!is_over_) {
        const Micros due = co_await next_due();
        if (is_over_) break;
        const bool refused = std::uniform_real_distribution<>(0, 100)(random_) < options_.failures;
        const std::size_t number = ledger_.begin(due, refused);
        const bool done = co_await perform(number, connection);
        if (done) ledger_.acknowledged(number, loop_.steady());
    }
}

asio::awaitable<bool> Load::perform(std::size_t number, Connection& connection) {
    const bool refused = ledger_.entry(number).refused;
    const std::vector<Request> requests = script_.requests(ledger_.gid(number), refused);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const bool is_last = i + 1 == requests.size();
        const bool fine = co_await ask(requests[i], is_last, refused, connection);
        if (!fine) co_return false;
    }
    co_return true;
}

// Whether the request was answered as it should be in the end. All of them may be repeated safely.
asio::awaitable<bool> Load::ask(Request request, bool is_last, bool refused, Connection& connection) {
    const std::string bytes = serialize(request);
    for (int i = 0; i < most_tries; ++i) {
        if (!connection) {
            connection = std::make_unique<HttpConnection>(loop_.context(), nullptr);
            const auto connected = co_await connection->connect(server_, "");
            if (!connected) {
                connection = nullptr;
                ++ledger_.totals.lost_connections;
                note_error(connected.error().what);
                co_await pause(before_repeat);
                continue;
            }
        }
        const Result<HttpAnswer> answer = co_await connection->exchange(bytes, max_answer);
        if (!answer || !answer->keep_alive) connection = nullptr;
        if (!answer) {
            ++ledger_.totals.lost_connections;
            note_error(answer.error().what);
            continue;
        }
        if (answer->status != 503) co_return accept(*answer, is_last, refused);
        ++ledger_.totals.answers_503;
        co_await pause(before_repeat);
    }
    co_return false;
}

bool Load::accept(const HttpAnswer& answer, bool is_last, bool refused) {
    // Who waits for the result of what is refused is told so; who does not wait isn't.
    const int expected = is_last && refused && script_.wait ? 409 : 200;
    if (answer.status == expected) return true;
    // During an outage a waiting client is told that there is no result yet, but its transaction is accepted.
    const bool no_result_yet =
        is_last && script_.wait && (answer.status == 425 || answer.status == 500 || answer.status == 409);
    if (no_result_yet && options_.outage_for > 0) return true;
    ++ledger_.totals.other_errors;
    note_error(std::to_string(answer.status) + " " + answer.body.substr(0, 200));
    return false;
}

void Load::note_error(std::string what) {
    if (ledger_.totals.first_error.empty()) ledger_.totals.first_error = std::move(what);
}

std::string Load::serialize(const Request& request) const {
    return "POST /api/dtmsvr/" + request.path + " HTTP/1.1\r\nHost: " + authority_ +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n\r\n" +
           request.body;
}

}  // namespace dtmd::bench
