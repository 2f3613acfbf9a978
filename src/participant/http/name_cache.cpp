#include "participant/http/name_cache.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

constexpr auto fresh_for = 10s;
constexpr auto failure_fresh_for = 1s;
constexpr auto usable_for = 10min;
constexpr std::size_t max_entries = 10'000;

}  // namespace

asio::awaitable<Result<Endpoints>> NameCache::find(std::string host, std::string port) {
    boost::system::error_code not_numeric;
    const auto address = asio::ip::make_address(host, not_numeric);
    if (!not_numeric) {
        const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(std::stoul(port)));
        co_return Endpoints(1, endpoint);
    }
    const auto now = Clock::now();
    const Key key(host, port);
    auto& known = entries_[key];
    if (!known) known = std::make_shared<Entry>(context_);
    const auto entry = known;
    if (!entry->is_looked_up && now >= entry->fresh_until) look_up(key, entry);
    if (!entry->endpoints.empty() && now < entry->usable_until) co_return entry->endpoints;
    while (entry->is_looked_up) co_await entry->answered.async_wait(as_values);
    if (entry->endpoints.empty()) co_return Error{Errc::unavailable, "cannot find the host: " + entry->error};
    co_return entry->endpoints;
}

void NameCache::look_up(const Key& key, std::shared_ptr<Entry> entry) {
    entry->is_looked_up = true;
    forget_the_old(Clock::now());
    resolver_.async_resolve(key.first, key.second,
                            [self = shared_from_this(), entry](const auto& failed, const auto& found) {
                                const auto now = Clock::now();
                                entry->is_looked_up = false;
                                entry->fresh_until = now + (failed ? failure_fresh_for : fresh_for);
                                if (failed) {
                                    entry->error = failed.message();
                                    if (now >= entry->usable_until) entry->endpoints.clear();
                                } else {
                                    entry->usable_until = now + usable_for;
                                    entry->endpoints.clear();
                                    for (const auto& one : found) entry->endpoints.push_back(one.endpoint());
                                }
                                entry->answered.cancel();
                            });
}

void NameCache::forget_the_old(Clock::time_point now) {
    if (entries_.size() < max_entries) return;
    std::erase_if(entries_,
                  [&](const auto& item) { return !item.second->is_looked_up && now >= item.second->fresh_until; });
}

}  // namespace dtmd::participant
