#pragma once

#include "observe/metrics.h"
#include "store/batch_queue.h"
#include "store/group_commit.h"
#include "store/job.h"

#include <absl/container/flat_hash_set.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace dtmd::store {

/// The writer threads of a store, each with its backend, before one queue of batches. Two changes of one gid are never
/// under way at once, so they keep their order whichever threads write them.
///
/// A commit costs a server much the same for one change as for twenty. So a second one is only begun beside one that is
/// under way while there is next to nothing to do, when it makes nobody wait, or for a batch that is worth it.
///
/// Threads: `apply` and `run` from anywhere.
class WriterPool {
public:
    WriterPool(const BackendFactory& factory, std::size_t threads, std::size_t max_batch,
               observe::StoreMetrics& metrics);
    ~WriterPool();  ///< Writes what is queued, runs the queued jobs, and joins.

    void apply(Loop& home, Mutation&& mutation, Done<Outcome>&& done);

    /// Runs a job on the first thread, between two of its batches. Jobs keep their order.
    void run(Job job);

    /// The destructor has begun: a job that could go on for long should end.
    bool is_stopping();

private:
    struct Work {
        std::unique_ptr<Batch> batch;
        Job job;
    };

    void serve(bool takes_jobs);
    bool take(bool takes_jobs, Work& work);
    void write(Backend* backend, Batch& batch);
    void release(const Batch& batch, bool has_a_job);
    bool may_begin() const;
    bool is_front_free() const;
    void wake(std::unique_lock<std::mutex>& lock);

    const BackendFactory& factory_;
    observe::StoreMetrics& metrics_;
    const bool is_alone_;
    std::mutex mutex_;
    std::condition_variable changed_;
    BatchQueue batches_;
    std::deque<Job> jobs_;
    absl::flat_hash_set<std::string_view> busy_;  ///< The gids of batches under way, which own the texts.
    std::size_t batches_under_way_ = 0, changes_under_way_ = 0;
    std::size_t idle_ = 0;  ///< Threads that wait and have not been woken.
    bool stopping_ = false;
    std::vector<std::thread> threads_;  ///< Last: they use all of the above.
};

}  // namespace dtmd::store
