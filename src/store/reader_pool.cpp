#include "store/reader_pool.h"

#include "store/own_backend.h"

#include <algorithm>

namespace dtmd::store {

ReaderPool::ReaderPool(const BackendFactory& factory, std::size_t threads) : factory_(factory) {
    for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) threads_.emplace_back([this] { serve(); });
}

ReaderPool::~ReaderPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void ReaderPool::run(Job job) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
        wake = idle_ > 0;
    }
    if (wake) changed_.notify_one();
}

void ReaderPool::serve() {
    OwnBackend backend(factory_);
    while (true) {
        Job job;
        {
            std::unique_lock lock(mutex_);
            ++idle_;
            changed_.wait(lock, [this] { return !jobs_.empty() || stopping_; });
            --idle_;
            if (jobs_.empty()) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job(backend.get());
    }
}

}  // namespace dtmd::store
