#pragma once

#include "store/backend.h"
#include "store/rocksdb/families.h"
#include "store/rocksdb/folder.h"
#include "store/rocksdb/health.h"
#include "store/rocksdb/rocksdb_backend.h"

#include <rocksdb/db.h>

#include <functional>
#include <memory>
#include <mutex>

namespace dtmd::store::rocks {

/// What is known about the indexes without reading them: nothing of an index lies before its bound. Without them each
/// look at the front of an index would wade through the remains of all that was removed there.
struct Bounds {
    Time due = Time::min();             ///< Smallest next_cron_time in the due index.
    Time ended = Time::min();           ///< Smallest end in the expiry index.
    Time created = Time::min();         ///< Smallest create_time of an unfinished transaction.
    Time created_lately = Time::max();  ///< The same, of those that became so since this was last set to the maximum.
};

/// The one open RocksDB of this process, shared by all backends.
///
/// Threads: `db()` and `families()` are thread-safe. Whoever reads in order to write holds `write_mutex` from the
///          reading to the commit, and so does whoever touches `bounds`, `unfinished_change` or `clock`.
class Database {
public:
    static Result<std::shared_ptr<Database>> open(const RocksDbOptions& options);
    ~Database();

    rocksdb::DB& db() { return *db_; }
    const Families& families() const { return families_; }

    /// Writes `batch`: wholly or not at all. `durable`: it is on disk when this returns.
    /// @return `unavailable` if it was refused before anything was written, `unknown` if the writing itself failed.
    Result<void> commit(rocksdb::WriteBatch& batch, bool durable);

    Result<void> ping();

    std::mutex write_mutex;
    Bounds bounds;
    std::int64_t unfinished_change = 0;  ///< Since the store was opened.
    Time clock = no_time;                ///< What is stored under clock_key.
    const std::function<Time()> now;     ///< May be empty.
    std::mutex oldest_mutex;             ///< Held by the one who looks for the oldest unfinished transaction.

    /// How many transactions were unfinished when the store was opened. Counted by the first caller, without holding
    /// up writers; don't hold `write_mutex`.
    Result<std::int64_t> unfinished_at_open();

private:
    Database(std::unique_ptr<FolderLock> folder, const RocksDbOptions& options);
    Result<void> open_files(const RocksDbOptions& options);
    Result<void> check_owner() const;
    Result<void> check_format();
    Result<void> take_over_format_1();
    Result<void> write_format();
    Result<void> read_clock();

    const std::string path_;
    const std::unique_ptr<FolderLock> folder_;
    Health health_;
    std::unique_ptr<rocksdb::DB> db_;  ///< Closed before the folder is unlocked.
    Families families_;

    std::mutex count_mutex_;
    std::optional<std::int64_t> unfinished_at_open_;
};

/// How RocksDB is set up: small, steady, safe.
rocksdb::Options tuned(const RocksDbOptions& options);

}  // namespace dtmd::store::rocks
