#pragma once

#include "observe/metrics.h"
#include "store/store.h"

#include <functional>
#include <memory>

namespace dtmd::store {

/// Makes one Backend for one worker thread. Called on that thread.
using BackendFactory = std::function<std::unique_ptr<Backend>()>;

struct GroupCommitOptions {
    std::size_t writers = 1;      ///< Threads, each with its own backend, that write batches: see WriterPool.
    std::size_t readers = 1;      ///< Threads for loads of single transactions; never behind a listing.
    std::size_t scanners = 1;     ///< Threads for listings and other reads that may be slow.
    std::size_t max_batch = 256;  ///< Mutations per commit.
    bool exclusive = false;       ///< See Store::is_exclusive.

    /// If set: nothing that has to do with times is changed or claimed while it is false; that is `unavailable`.
    std::function<bool()> knows_time{};
};

/// The Store over blocking backends. While one batch is being written the next one gathers, so a lone change is
/// written at once and under load the batch grows by itself.
///
/// A batch that fails as a whole with `unavailable` is tried again once, whole, then mutation by mutation; one that
/// fails with `unknown` is answered `unknown`. Changes of one gid are never in the same batch.
///
/// Threads: `apply` and the rest from anywhere. The destructor writes what is queued, answers everything, and joins.
std::unique_ptr<Store> make_group_commit_store(BackendFactory factory, GroupCommitOptions options,
                                               observe::StoreMetrics& metrics);

}  // namespace dtmd::store
