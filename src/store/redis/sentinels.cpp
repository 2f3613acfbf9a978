#include "store/redis/sentinels.h"

#include "store/redis/connection.h"
#include "store/redis/refusal.h"

#include <algorithm>
#include <charconv>

namespace dtmd::store::redis {
namespace {

constexpr std::chrono::milliseconds interval{500};

Result<Address> ask_sentinel(const Address& sentinel, const Shared& shared) {
    const auto& options = shared.options;
    auto connection = Connection::open(sentinel, shared, options.sentinel_user, options.sentinel_password);
    if (!connection) return connection.error();
    const Answer answer = (*connection)->ask(command("SENTINEL", "get-master-addr-by-name", options.master_name));
    if (!answer) return answer.error();
    if (answer->is_error()) return Error{Errc::unavailable, explain(answer->text, sentinel).what};
    Address primary{.host = answer->at(0), .port = 0};
    const std::string& port = answer->at(1);
    std::from_chars(port.data(), port.data() + port.size(), primary.port);
    if (primary.host.empty() || primary.port == 0) {
        return Error{Errc::unavailable, "The sentinel " + sentinel.text() + " knows no primary called \"" +
                                            options.master_name + "\". Check the name."};
    }
    return primary;
}

}  // namespace

Result<std::vector<Primary>> ask_sentinels(const Shared& shared) {
    struct Named {
        Primary primary;
        std::size_t votes = 0;
    };
    std::vector<Named> named;
    std::optional<Error> failure;
    for (const Address& sentinel : shared.hosts) {
        auto address = ask_sentinel(sentinel, shared);
        if (!address) {
            if (!failure) failure = address.error();
            continue;
        }
        auto found = std::ranges::find(named, *address, [](const Named& one) { return one.primary.address; });
        if (found == named.end()) found = named.insert(found, {.primary = {.address = *address}});
        found->primary.by_most = ++found->votes * 2 > shared.hosts.size();
        if (found->primary.by_most) break;
    }
    if (named.empty()) return *failure;
    std::ranges::sort(named, std::greater(), &Named::votes);
    std::vector<Primary> primaries;
    for (const Named& one : named) primaries.push_back(one.primary);
    return primaries;
}

SentinelWatch::SentinelWatch(std::shared_ptr<const Shared> shared)
    : shared_(std::move(shared)), thread_([this] { run(); }) {}

SentinelWatch::~SentinelWatch() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

bool SentinelWatch::have_replaced(const Address& address) const {
    const std::lock_guard lock(mutex_);
    return primary_ && *primary_ != address;
}

void SentinelWatch::run() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        lock.unlock();
        const auto named = ask_sentinels(*shared_);
        lock.lock();
        // Without a majority nobody has been replaced.
        primary_ = named && named->front().by_most ? std::optional(named->front().address) : std::nullopt;
        wake_.wait_for(lock, interval, [this] { return is_stopping_; });
    }
}

}  // namespace dtmd::store::redis
