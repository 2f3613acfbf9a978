#include "app/registration.h"

#include "observe/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace dtmd::app {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
// Three chances before the lease runs out.
constexpr std::chrono::milliseconds when_registered = registry_ttl / 3;
constexpr std::chrono::milliseconds first_pause{250}, longest_pause{5'000};
constexpr auto say_again = 60s;

// What has become of an entry.
enum class Presence : std::uint8_t { there, key_gone, lease_gone };

void report(std::exception_ptr failed) {
    if (!failed) return;
    try {
        std::rethrow_exception(failed);
    } catch (const std::exception& error) {
        log::error("registry.failed", {{"reason", error.what()}});
    }
}

}  // namespace

/// Owners: the Registration, and the coroutines, which may only be destroyed with the io_context.
struct Registration::State : std::enable_shared_from_this<State> {
    struct Entry {
        Entry(asio::io_context& context, RegistryPlace where)
            : place(std::move(where)), client(context, place.etcd), timer(context) {}

        RegistryPlace place;
        participant::EtcdClient client;
        asio::steady_timer timer;
        std::int64_t lease = 0;  ///< 0: there is none.
        bool is_known = false;   ///< As far as we know.
        std::chrono::milliseconds pause = first_pause;
        Clock::time_point said_at{};
    };

    State(net::AsioLoop& loop_, std::string id_) : loop(loop_), id(std::move(id_)) {}

    static asio::awaitable<void> keep(std::shared_ptr<State> self, std::shared_ptr<Entry> entry);
    asio::awaitable<Result<void>> look_after(std::shared_ptr<Entry> entry);
    asio::awaitable<Result<Presence>> look(std::shared_ptr<Entry> entry);
    asio::awaitable<Result<void>> enter(std::shared_ptr<Entry> entry);
    asio::awaitable<void> take_back(std::shared_ptr<Entry> entry);
    participant::RegistryEntry text_of(const Entry& entry) const;
    void note(Entry& entry, const Result<void>& result);
    void left();

    net::AsioLoop& loop;
    const std::string id;
    std::vector<std::shared_ptr<Entry>> entries;
    std::size_t open = 0;  ///< Coroutines.
    bool leaving = false;
    Task when_left;
};

participant::RegistryEntry Registration::State::text_of(const Entry& entry) const {
    const RegistryPlace& place = entry.place;
    return participant::make_entry(place.layout, place.service, place.instance, entry.lease,
                                   id + "-" + place.instance.scheme);
}

asio::awaitable<Result<Presence>> Registration::State::look(std::shared_ptr<Entry> entry) {
    const auto lease = co_await entry->client.keep_alive(entry->lease);
    if (!lease) co_return lease.error();
    if (*lease == participant::LeaseState::gone) co_return Presence::lease_gone;
    // A lease may outlive its key: someone may have removed that.
    const participant::RegistryEntry wanted = text_of(*entry);
    const auto there = co_await entry->client.read(wanted.key);
    if (!there) co_return there.error();
    const auto same = [&](const auto& item) { return item.first == wanted.key && item.second == wanted.value; };
    co_return std::ranges::any_of(there->items, same) ? Presence::there : Presence::key_gone;
}

asio::awaitable<Result<void>> Registration::State::enter(std::shared_ptr<Entry> entry) {
    if (entry->lease == 0) {
        const auto granted = co_await entry->client.grant(registry_ttl);
        if (!granted) co_return granted.error();
        entry->lease = *granted;
    }
    participant::RegistryEntry text = text_of(*entry);
    co_return co_await entry->client.put(std::move(text.key), std::move(text.value), entry->lease);
}

asio::awaitable<Result<void>> Registration::State::look_after(std::shared_ptr<Entry> entry) {
    if (entry->lease != 0) {
        const auto presence = co_await look(entry);
        if (!presence) co_return presence.error();
        if (*presence == Presence::there) co_return Result<void>();
        entry->is_known = false;
        if (*presence == Presence::lease_gone) entry->lease = 0;
    }
    co_return co_await enter(entry);
}

asio::awaitable<void> Registration::State::keep(std::shared_ptr<State> self, std::shared_ptr<Entry> entry) {
    while (!self->leaving) {
        const Result<void> result = co_await self->look_after(entry);
        self->note(*entry, result);
        // A cancelled timer does not help whoever only begins to wait.
        if (self->leaving) break;
        entry->timer.expires_after(result ? when_registered : entry->pause);
        entry->pause = result ? first_pause : std::min(2 * entry->pause, longest_pause);
        co_await entry->timer.async_wait(as_values);
    }
    co_await self->take_back(entry);
    self->left();
}

asio::awaitable<void> Registration::State::take_back(std::shared_ptr<Entry> entry) {
    if (entry->lease == 0) co_return;
    const auto revoked = co_await entry->client.revoke(entry->lease);
    if (revoked) {
        log::info("registry.left", {{"service", entry->place.service}});
    } else {
        log::warn("registry.not_left", {{"service", entry->place.service},
                                        {"vanishes_within_s", registry_ttl.count()},
                                        {"reason", revoked.error().what}});
    }
}

void Registration::State::note(Entry& entry, const Result<void>& result) {
    const RegistryPlace& place = entry.place;
    if (result) {
        if (!std::exchange(entry.is_known, true)) {
            log::info("registry.entered", {{"service", place.service}, {"address", place.instance.address}});
        }
        entry.said_at = {};
        return;
    }
    const auto now = Clock::now();
    if (entry.said_at != Clock::time_point() && now - entry.said_at < say_again) return;
    entry.said_at = now;
    log::warn("registry.unreachable",
              {{"service", place.service}, {"address", place.instance.address}, {"reason", result.error().what}});
}

void Registration::State::left() {
    if (--open == 0 && when_left) std::exchange(when_left, nullptr)();
}

Registration::Registration(net::AsioLoop& loop, std::vector<RegistryPlace> places, std::string id)
    : state_(std::make_shared<State>(loop, std::move(id))) {
    for (RegistryPlace& place : places) {
        state_->entries.push_back(std::make_shared<State::Entry>(loop.context(), std::move(place)));
    }
}

Registration::~Registration() {
    state_->leaving = true;
    state_->when_left = nullptr;
    for (const auto& entry : state_->entries) entry->timer.cancel();
}

void Registration::start() {
    for (const auto& entry : state_->entries) {
        ++state_->open;
        asio::co_spawn(state_->loop.context(), State::keep(state_, entry), report);
    }
}

void Registration::withdraw(Millis limit, Task done) {
    state_->leaving = true;
    if (state_->open == 0) return done();
    state_->when_left = std::move(done);
    for (const auto& entry : state_->entries) entry->timer.cancel();
    state_->loop.after(limit, [weak = std::weak_ptr(state_)] {
        const auto state = weak.lock();
        if (!state || !state->when_left) return;
        log::warn("registry.not_left", {{"vanishes_within_s", registry_ttl.count()}, {"reason", "no answer in time"}});
        std::exchange(state->when_left, nullptr)();
    });
}

}  // namespace dtmd::app
