#pragma once

#include "store/postgres/session.h"
#include "store/retry_pause.h"
#include "store/sql/row_memory.h"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace dtmd::store::postgres {

/// What all connections of one store share. Thread-safe.
class Shared {
public:
    explicit Shared(PostgresOptions given) : options(std::move(given)) {}

    const PostgresOptions options;
    sql::RowMemory memory;

    /// The host that worked last, as an index.
    std::size_t host() const { return host_.load(std::memory_order_relaxed); }
    void use_host(std::size_t index) { host_.store(index, std::memory_order_relaxed); }

    /// Tells the user of a server's report, if it is new.
    void report(const sql::ServerReport& report);

    /// Tells the user what was refused for good.
    void refuse(const std::string& gid, const std::string& why);

private:
    std::atomic<std::size_t> host_{0};
    std::mutex mutex_;
    std::map<std::string, sql::ServerReport> reported_;
};

/// One backend's connection: made when it is needed, made again when it is lost, to whichever host works.
///
/// Threads: one at a time.
class Link {
public:
    explicit Link(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    /// A connection to a server that can keep our promises. After a failure on all hosts the next attempt waits a
    /// moment; calls until then fail at once with the same reason.
    ///
    /// Errors: `unavailable`, with what each host said.
    Result<Session*> get();

    /// Runs statements that change nothing, or whose repetition is harmless: a connection that turns out to be lost is
    /// made again once.
    Result<Replies> read(std::span<const Query> queries);
    Result<Reply> read(const Query& query);

    /// The connection failed or its server did. `may_have_happened`: the last statement that was sent would have made
    /// the change.
    Error failed(const Failure& failure, bool may_have_happened);

    /// Ends a database transaction that is not to be kept.
    void roll_back();

    Shared& shared() const { return *shared_; }

private:
    Attempt<std::unique_ptr<Session>> connect(std::size_t host) const;

    const std::shared_ptr<Shared> shared_;
    std::unique_ptr<Session> session_;
    RetryPause pause_;
    std::string reason_;  ///< Of the last failure on all hosts.
};

}  // namespace dtmd::store::postgres
