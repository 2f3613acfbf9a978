#pragma once

#include "base/result.h"
#include "store/rocksdb/folder.h"

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace dtmd::store::rocks {

/// Whether the store can be written to now, and how it comes back by itself when it could not.
///
/// RocksDB stops all writes after a failed one (disk full, above all) until DB::Resume succeeds. Writing is refused
/// here first: before the disk is quite full, and after a failure until resuming has worked. What is refused here
/// certainly did not happen, which can't be said of a write that fails inside RocksDB.
///
/// Threads: all methods from anywhere.
class Health {
public:
    /// `folder` must outlive this.
    Health(std::string path, const FolderLock& folder, std::uint64_t reserve_bytes);

    /// To be put into the database's options.
    std::shared_ptr<rocksdb::EventListener> listener() const;

    /// Whether `bytes` more can be written. Looks at the disk at most every few milliseconds, and tries to resume
    /// at most a few times a second, unless `look_now`.
    Result<void> check(rocksdb::DB& db, std::size_t bytes, bool look_now = false);

    /// A write failed: resume before the next one.
    void write_failed(const rocksdb::Status& status);

private:
    using Clock = std::chrono::steady_clock;
    class Failure;

    Result<void> resume(rocksdb::DB& db, bool look_now);
    Result<void> look_at_disk(std::size_t bytes);

    const std::string path_;
    const FolderLock& folder_;
    const std::uint64_t reserve_bytes_;
    const std::shared_ptr<Failure> failure_;

    std::mutex mutex_;
    Clock::time_point next_look_{}, next_resume_{};
    std::string disk_trouble_;  ///< Empty: there was enough space at the last look.
};

}  // namespace dtmd::store::rocks
