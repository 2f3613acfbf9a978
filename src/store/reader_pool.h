#pragma once

#include "store/group_commit.h"
#include "store/job.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace dtmd::store {

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
