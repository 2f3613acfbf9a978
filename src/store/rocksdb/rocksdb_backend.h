#pragma once

#include "base/result.h"
#include "base/time.h"
#include "store/group_commit.h"

#include <cstddef>
#include <functional>
#include <string>

// The embedded store: one folder on one machine, nothing to set up, used by one process at a time.
namespace dtmd::store {

struct RocksDbOptions {
    std::string path;               ///< The folder. Nothing else belongs into it.
    std::size_t memory_mb = 48;     ///< MiB for caches and write buffers together. Less than 8 counts as 8.
    bool create_if_missing = true;  ///< Creates the folder, and folders above it, if there is none.
    std::size_t reserve_mb = 8;   ///< MiB of disk that are left free: below that, changes are refused as `unavailable`.
    std::function<Time()> now{};  ///< If set, Backend::clock tells, within a second, when the last change was made.
};

/// Opens the store and returns a factory of backends that share it. It closes when the factory, all its copies and
/// all backends are gone.
///
/// Durability: a change that was answered `ok` is in a synced log. Tell GroupCommitOptions that it is exclusive; one
/// writer is best, since writers would wait for each other.
///
/// Errors: `unavailable` with one sentence that names the folder, the cause and the remedy: used by another process,
/// not a folder, not writable, disk full, damaged, or written by a newer version.
Result<BackendFactory> open_rocksdb(const RocksDbOptions& options);

}  // namespace dtmd::store
