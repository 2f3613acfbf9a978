#pragma once

#include "store/redis/address.h"
#include "store/redis/keys.h"
#include "store/redis/redis_backend.h"
#include "store/redis/socket.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace dtmd::store::redis {

/// What the backends of one factory have in common. Thread-safe.
struct Shared {
    Shared(RedisOptions given, Layout keys) : options(std::move(given)), layout(std::move(keys)) {}

    const RedisOptions options;
    const Layout layout;
    std::vector<Address> hosts;       ///< Set once, by open_redis.
    std::shared_ptr<TlsContext> tls;  ///< Set once, by open_redis. Null: plain.

    /// Passes on what is new.
    void tell_durability(const Durability& durability) {
        const std::lock_guard lock(mutex_);
        if (told_ && *told_ == durability) return;
        told_ = durability;
        if (options.on_durability) options.on_durability(durability);
    }

    /// Whether it is this caller's turn to look for records that the indexes lack.
    bool begin_indexing(std::chrono::steady_clock::time_point now) {
        const std::lock_guard lock(mutex_);
        if (now < index_again_) return false;
        index_again_ = std::chrono::steady_clock::time_point::max();
        return true;
    }

    /// Whether nobody has swept for `interval`. Then it is this caller's turn.
    bool is_time_to_sweep(std::chrono::steady_clock::duration interval) {
        const auto now = std::chrono::steady_clock::now();
        const std::lock_guard lock(mutex_);
        if (now < sweep_again_) return false;
        sweep_again_ = now + interval;
        return true;
    }

    void end_indexing(std::chrono::steady_clock::time_point again) {
        const std::lock_guard lock(mutex_);
        index_again_ = again;
    }

private:
    std::mutex mutex_;
    std::optional<Durability> told_;
    std::chrono::steady_clock::time_point index_again_{}, sweep_again_{};
};

}  // namespace dtmd::store::redis
