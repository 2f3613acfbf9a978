#pragma once

#include "store/redis/shared.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace dtmd::store::redis {

/// Whom the sentinels call the primary.
struct Primary {
    Address address;
    bool by_most = false;  ///< More than half of all sentinels name this one.
};

/// Asks one sentinel after the other until most agree. What most of those that answer name comes first.
Result<std::vector<Primary>> ask_sentinels(const Shared& shared);

/// Asks the sentinels again and again, on a thread of its own, since a sentinel may take its time to answer.
///
/// A server that they have replaced may still take changes, and even have a replica that follows it, until they
/// reach it; then it drops what it took. So connections to it must be given up, though it answers.
class SentinelWatch {
public:
    explicit SentinelWatch(std::shared_ptr<const Shared> shared);
    ~SentinelWatch();

    /// Whether most of the sentinels name another primary. Thread-safe.
    bool have_replaced(const Address& address) const;

private:
    void run();

    const std::shared_ptr<const Shared> shared_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool is_stopping_ = false;
    std::optional<Address> primary_;
    std::thread thread_;  ///< Last: it uses all of the above.
};

}  // namespace dtmd::store::redis
