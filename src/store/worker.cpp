#include "store/worker.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace dtmd::store {
namespace {

using Clock = std::chrono::steady_clock;

// After this many changes in a row that can't be made it is the store that is down, not one change that is bad.
constexpr int patience = 3;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A worker's own backend, made when it is first needed and again if that failed.
class OwnBackend {
public:
    explicit OwnBackend(const BackendFactory& factory) : factory_(factory) {}

    Backend* get() {
        if (backend_) return backend_.get();
        try {
            backend_ = factory_();
        } catch (...) {
            // Whoever asks is told `unavailable`, and the next one makes us try again.
        }
        return backend_.get();
    }

private:
    const BackendFactory& factory_;
    std::unique_ptr<Backend> backend_;
};

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

Writer::Writer(const BackendFactory& factory, std::size_t max_batch, observe::StoreMetrics& metrics)
    : factory_(factory), metrics_(metrics), batches_(max_batch), thread_([this] { serve(); }) {}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Writer::apply(Loop& home, Mutation&& mutation, Done<Outcome>&& done) {
    std::unique_lock lock(mutex_);
    batches_.push(home, std::move(mutation), std::move(done));
    wake(lock);
}

void Writer::run(Job job) {
    std::unique_lock lock(mutex_);
    jobs_.push_back(std::move(job));
    wake(lock);
}

bool Writer::is_stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

// A busy writer looks at the queue by itself; waking it would only cost a system call.
void Writer::wake(std::unique_lock<std::mutex>& lock) {
    const bool was_idle = idle_;
    idle_ = false;
    lock.unlock();
    if (was_idle) changed_.notify_one();
}

bool Writer::take(std::unique_ptr<Batch>& batch, Job& job) {
    std::unique_lock lock(mutex_);
    if (batch) batches_.recycle(std::move(batch));
    while (batches_.empty() && jobs_.empty()) {
        if (stopping_) return false;
        idle_ = true;
        changed_.wait(lock);
    }
    idle_ = false;
    batch = batches_.pop();
    if (!jobs_.empty()) {
        job = std::move(jobs_.front());
        jobs_.pop_front();
    }
    const std::size_t waiting = batches_.size();
    lock.unlock();
    metrics_.queue_length(waiting);
    return true;
}

void Writer::serve() {
    OwnBackend backend(factory_);
    std::unique_ptr<Batch> batch;
    Job job;
    while (take(batch, job)) {
        if (batch) {
            write(backend.get(), *batch);
            batch->answer();
            batch->mutations.clear();  // Freed here, not under the lock that callers wait for.
        }
        if (job) {
            job(backend.get());
            job = nullptr;
        }
    }
}

void Writer::write(Backend* backend, Batch& batch) {
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
