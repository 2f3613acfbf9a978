#include "bench/load.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dtmd::bench {
namespace {

namespace asio = boost::asio;
using Said = Answer::Kind;

constexpr Micros before_repeat{50'000};
constexpr int most_tries = 1'200;  // A minute of refusals.

}  // namespace

Load::Load(net::AsioLoop& loop, Ledger& ledger, const Options& options, const MakeLane& make_lane)
    : loop_(loop), ledger_(ledger), options_(options) {
    for (unsigned i = 0; i < options.connections; ++i) lanes_.push_back(make_lane());
}

void Load::start() {
    begun_at_ = loop_.steady();
    for (const auto& lane : lanes_) {
        ++running_;
        asio::co_spawn(loop_.context(), client(*lane), [this](std::exception_ptr failed) {
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

asio::awaitable<void> Load::client(Lane& lane) {
    while (!is_over_) {
        const Micros due = co_await next_due();
        if (is_over_) break;
        const bool refused = std::uniform_real_distribution<>(0, 100)(random_) < options_.failures;
        const std::size_t number = ledger_.begin(due, refused);
        const bool done = co_await perform(number, lane);
        if (done) ledger_.acknowledged(number, loop_.steady());
    }
}

asio::awaitable<bool> Load::perform(std::size_t number, Lane& lane) {
    const bool refused = ledger_.entry(number).refused;
    const std::size_t count = lane.begin(ledger_.gid(number), refused);
    for (std::size_t i = 0; i < count; ++i) {
        const bool fine = co_await ask(i, i + 1 == count, refused, lane);
        if (!fine) co_return false;
    }
    co_return true;
}

// Whether the request was answered as it should be in the end. All of them may be repeated safely.
asio::awaitable<bool> Load::ask(std::size_t which, bool is_last, bool refused, Lane& lane) {
    for (int i = 0; i < most_tries; ++i) {
        const Answer answer = co_await lane.ask(which);
        if (answer.kind != Said::lost && answer.kind != Said::busy) co_return accept(answer, is_last, refused);
        if (answer.kind == Said::busy) ++ledger_.totals.answers_503;
        if (answer.kind == Said::lost) {
            ++ledger_.totals.lost_connections;
            note_error(answer.text);
        }
        co_await pause(before_repeat);
    }
    co_return false;
}

bool Load::accept(const Answer& answer, bool is_last, bool refused) {
    const bool waits = is_last && !options_.watch;
    // Who waits for the result of what is refused is told so; who does not wait isn't.
    const Said expected = waits && refused ? Said::failure : Said::success;
    if (answer.kind == expected) return true;
    // During an outage a waiting client is told that there is no result yet, but its transaction is accepted.
    const bool no_result_yet = waits && (answer.kind == Said::no_result || answer.kind == Said::failure);
    if (no_result_yet && options_.outage_for > 0) return true;
    ++ledger_.totals.other_errors;
    note_error(answer.text);
    return false;
}

void Load::note_error(std::string what) {
    if (ledger_.totals.first_error.empty()) ledger_.totals.first_error = std::move(what);
}

}  // namespace dtmd::bench
