#include "store/batch_queue.h"

#include <algorithm>
#include <exception>

namespace dtmd::store {
namespace {

// A batch of huge payloads would make everybody in it wait, and needs its memory several times over in a backend.
constexpr std::size_t max_batch_bytes = 16u << 20;
constexpr std::size_t max_spare = 2;  // One being filled while one is being written.

std::size_t payload_bytes(const Mutation& mutation) {
    std::size_t bytes = 0;
    for (const auto& branch : mutation.record.branches) bytes += branch.body.size();
    for (const auto& branch : mutation.branches) bytes += branch.body.size();
    for (const auto& payload : mutation.record.payloads) bytes += payload.size();
    return bytes;
}

// Everybody is told, whatever one of the callbacks throws; the loop then sees the first exception.
void run_all(std::vector<Batch::Callback>& callbacks) {
    std::exception_ptr thrown;
    for (auto& callback : callbacks) {
        try {
            callback.done(callback.outcome);
        } catch (...) {
            if (!thrown) thrown = std::current_exception();
        }
    }
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

void Batch::answer() {
    for (auto& home : homes) {
        for (auto& callback : home.callbacks) callback.outcome = outcomes[callback.index];
        home.loop->post([callbacks = std::move(home.callbacks)]() mutable { run_all(callbacks); });
    }
    homes.clear();
}

void BatchQueue::push(Loop& home, Mutation&& mutation, Done<Outcome>&& done) {
    const std::size_t bytes = payload_bytes(mutation);
    Batch& batch = batch_for(mutation.gid, bytes);

    auto group = std::ranges::find(batch.homes, &home, &Batch::Home::loop);
    if (group == batch.homes.end()) {
        batch.homes.push_back({.loop = &home, .callbacks = {}});
        group = batch.homes.end() - 1;
    }
    group->callbacks.push_back({.done = std::move(done), .index = batch.mutations.size()});

    batch.mutations.push_back(std::move(mutation));
    batch.bytes += bytes;
    newest_.emplace(batch.mutations.back().gid, batch.number);
    ++size_;
}

std::unique_ptr<Batch> BatchQueue::pop() {
    if (batches_.empty()) return nullptr;
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    for (const auto& mutation : batch->mutations) {
        const auto entry = newest_.find(mutation.gid);
        if (entry != newest_.end() && entry->second == batch->number) newest_.erase(entry);
    }
    size_ -= batch->mutations.size();
    return batch;
}

void BatchQueue::recycle(std::unique_ptr<Batch> batch) {
    if (spare_.size() >= max_spare) return;
    batch->mutations.clear();
    batch->homes.clear();
    batch->bytes = 0;
    spare_.push_back(std::move(batch));
}

// Erases the gid's entry in `newest_`: its text may belong to an older batch, which will be gone first.
Batch& BatchQueue::batch_for(std::string_view gid, std::size_t bytes) {
    const std::uint64_t front = batches_.empty() ? next_number_ : batches_.front()->number;
    first_open_ = std::max(first_open_, front);
    while (first_open_ < next_number_ && batches_[first_open_ - front]->mutations.size() >= max_batch_) ++first_open_;

    std::uint64_t number = first_open_;
    if (const auto entry = newest_.find(gid); entry != newest_.end()) {
        number = std::max(number, entry->second + 1);
        newest_.erase(entry);
    }
    while (number < next_number_ && is_full(*batches_[number - front], bytes)) ++number;
    if (number == next_number_) batches_.push_back(new_batch());
    return *batches_[number - front];
}

bool BatchQueue::is_full(const Batch& batch, std::size_t more_bytes) const {
    return batch.mutations.size() >= max_batch_ || (batch.bytes > 0 && batch.bytes + more_bytes > max_batch_bytes);
}

std::unique_ptr<Batch> BatchQueue::new_batch() {
    std::unique_ptr<Batch> batch;
    if (spare_.empty()) {
        batch = std::make_unique<Batch>();
        batch->mutations.reserve(max_batch_);  // Never grows: `newest_` refers to the gids in it.
    } else {
        batch = std::move(spare_.back());
        spare_.pop_back();
    }
    batch->number = next_number_++;
    return batch;
}

}  // namespace dtmd::store
