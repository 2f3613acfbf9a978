#include "store/writer_pool.h"

#include "store/own_backend.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace dtmd::store {
namespace {

using Clock = std::chrono::steady_clock;

// After this many changes in a row that can't be made it is the store that is down, not one change that is bad.
constexpr int patience = 3;

// How few changes under way are next to nothing, and how many waiting ones are worth another commit beside them.
constexpr std::size_t few = 4, worth_a_commit = 12;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Empty: `outcomes` are the answers. Otherwise the batch failed as a whole, and this is everybody's answer.
std::optional<Outcome> try_apply(Backend* backend, std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    if (!backend) return Outcome::unavailable;
    try {
        const auto result = backend->apply(batch, outcomes);
        if (result) return std::nullopt;
        return result.error().code == Errc::unavailable ? Outcome::unavailable : Outcome::unknown;
    } catch (...) {
        return Outcome::unknown;
    }
}

// One change may be what made the whole batch fail. What is not tried any more certainly did not happen.
void apply_one_by_one(Backend* backend, std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    int failures = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        std::optional<Outcome> failure = Outcome::unavailable;
        if (failures < patience) failure = try_apply(backend, batch.subspan(i, 1), outcomes.subspan(i, 1));
        if (failure) outcomes[i] = *failure;
        failures = failure == Outcome::unavailable ? failures + 1 : 0;
    }
}

}  // namespace

WriterPool::WriterPool(const BackendFactory& factory, std::size_t threads, std::size_t max_batch,
                       observe::StoreMetrics& metrics)
    : factory_(factory), metrics_(metrics), is_alone_(threads <= 1), batches_(max_batch) {
    threads_.emplace_back([this] { serve(true); });
    for (std::size_t i = 1; i < threads; ++i) threads_.emplace_back([this] { serve(false); });
}

WriterPool::~WriterPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void WriterPool::apply(Loop& home, Mutation&& mutation, Done<Outcome>&& done) {
    std::unique_lock lock(mutex_);
    batches_.push(home, std::move(mutation), std::move(done));
    wake(lock);
}

void WriterPool::run(Job job) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
        idle_ = 0;
    }
    changed_.notify_all();  // Only the first thread takes it.
}

bool WriterPool::is_stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

// A busy writer looks at the queue by itself; waking it would only cost a system call.
void WriterPool::wake(std::unique_lock<std::mutex>& lock) {
    const bool is_needed = idle_ > 0 && may_begin();
    if (is_needed) --idle_;
    lock.unlock();
    if (is_needed) changed_.notify_one();
}

bool WriterPool::is_front_free() const {
    return std::ranges::none_of(batches_.front().mutations,
                                [&](const Mutation& mutation) { return busy_.contains(mutation.gid); });
}

bool WriterPool::may_begin() const {
    if (batches_.empty()) return false;
    if (batches_under_way_ == 0) return true;
    const bool is_worth_it = changes_under_way_ < few || batches_.front().mutations.size() >= worth_a_commit;
    return is_worth_it && is_front_free();
}

bool WriterPool::take(bool takes_jobs, Work& work) {
    std::unique_lock lock(mutex_);
    if (work.batch) batches_.recycle(std::move(work.batch));
    while (!may_begin() && (!takes_jobs || jobs_.empty())) {
        if (stopping_ && batches_.empty()) return false;
        ++idle_;
        changed_.wait(lock);
    }
    if (may_begin()) {
        work.batch = batches_.pop();
        ++batches_under_way_;
        changes_under_way_ += work.batch->mutations.size();
        if (!is_alone_) {
            for (const Mutation& mutation : work.batch->mutations) busy_.insert(mutation.gid);
        }
    }
    if (takes_jobs && !jobs_.empty()) {
        work.job = std::move(jobs_.front());
        jobs_.pop_front();
    }
    metrics_.queue_length(batches_.size());
    wake(lock);
    return true;
}

// Whoever has a job to do first leaves what has gathered to another thread.
void WriterPool::release(const Batch& batch, bool has_a_job) {
    std::unique_lock lock(mutex_);
    --batches_under_way_;
    changes_under_way_ -= batch.mutations.size();
    if (is_alone_) return;
    for (const Mutation& mutation : batch.mutations) busy_.erase(mutation.gid);
    if (stopping_ && batches_.empty()) {
        idle_ = 0;
        lock.unlock();
        changed_.notify_all();
    } else if (has_a_job) {
        wake(lock);
    }
}

void WriterPool::serve(bool takes_jobs) {
    OwnBackend backend(factory_);
    Work work;
    while (take(takes_jobs, work)) {
        if (work.batch) {
            write(backend.get(), *work.batch);
            release(*work.batch, static_cast<bool>(work.job));
            work.batch->answer();
            work.batch->mutations.clear();  // Freed here, not under the lock that callers wait for.
        }
        if (work.job) {
            work.job(backend.get());
            work.job = nullptr;
        }
    }
}

void WriterPool::write(Backend* backend, Batch& batch) {
    const auto start = Clock::now();
    batch.outcomes.assign(batch.mutations.size(), Outcome::unknown);
    auto failure = try_apply(backend, batch.mutations, batch.outcomes);
    if (failure) metrics_.batch_failed();
    if (failure == Outcome::unavailable) {
        failure = try_apply(backend, batch.mutations, batch.outcomes);
        if (failure) metrics_.batch_failed();
    }
    if (failure == Outcome::unavailable && batch.mutations.size() > 1) {
        apply_one_by_one(backend, batch.mutations, batch.outcomes);
    } else if (failure) {
        std::ranges::fill(batch.outcomes, *failure);
    }
    if (!failure) metrics_.batch_written(batch.mutations.size(), seconds_since(start));
}

}  // namespace dtmd::store
