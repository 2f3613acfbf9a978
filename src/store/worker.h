#pragma once

#include "observe/metrics.h"
#include "store/batch_queue.h"
#include "store/group_commit.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

// The threads behind the group-commit store: the only ones that run blocking backend code.
namespace dtmd::store {

/// Work for a worker thread, on that thread's own backend. Null: no backend could be made; answer `unavailable`.
using Job = absl::AnyInvocable<void(Backend*)>;

/// One writer thread with its backend. Batches are written one after the other, at most one job between two of them.
///
/// Threads: `apply` and `run` from anywhere.
class Writer {
public:
    Writer(const BackendFactory& factory, std::size_t max_batch, observe::StoreMetrics& metrics);
    ~Writer();  ///< Writes what is queued, runs the queued jobs, and joins.

    void apply(Loop& home, Mutation&& mutation, Done<Outcome>&& done);
    void run(Job job);

    /// The destructor has begun: a job that could go on for long should end.
    bool is_stopping();

private:
    void serve();
    bool take(std::unique_ptr<Batch>& batch, Job& job);
    void wake(std::unique_lock<std::mutex>& lock);
    void write(Backend* backend, Batch& batch);

    const BackendFactory& factory_;
    observe::StoreMetrics& metrics_;
    std::mutex mutex_;
    std::condition_variable changed_;
    BatchQueue batches_;
    std::deque<Job> jobs_;
    bool idle_ = false;
    bool stopping_ = false;
    std::thread thread_;  ///< Last: it uses all of the above.
};

/// Threads that take jobs from one queue, each with its own backend.
///
/// Threads: `run` from anywhere.
class ReaderPool {
public:
    ReaderPool(const BackendFactory& factory, std::size_t threads);
    ~ReaderPool();  ///< Runs the queued jobs, and joins.

    void run(Job job);

private:
    void serve();

    const BackendFactory& factory_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    std::size_t idle_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace dtmd::store
