#pragma once

#include "store/store.h"

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

namespace dtmd::store {

/// Changes that are written together, and who is waiting for them. Never holds two changes of one gid.
struct Batch {
    struct Callback {
        Done<Outcome> done;
        std::size_t index = 0;  ///< Into `mutations` and `outcomes`.
        Outcome outcome = Outcome::unknown;
    };
    struct Home {
        Loop* loop = nullptr;
        std::vector<Callback> callbacks;
    };

    std::uint64_t number = 0;
    std::size_t bytes = 0;
    std::vector<Mutation> mutations;
    std::vector<Outcome> outcomes;
    std::vector<Home> homes;

    /// Tells everybody `outcomes`: one task per home loop, however many changes it waits for.
    void answer();
};

/// Changes waiting for one writer, already sorted into the batches they will be written in.
///
/// A change goes into the first batch with room, but always behind the batch that holds the newest earlier change of
/// its gid. So batches are full, changes of one gid keep their order, and taking a batch moves no change a second time.
///
/// Not thread-safe.
class BatchQueue {
public:
    explicit BatchQueue(std::size_t max_batch) : max_batch_(max_batch == 0 ? 1 : max_batch) {}

    void push(Loop& home, Mutation&& mutation, Done<Outcome>&& done);

    /// The oldest batch, where it is.
    /// @pre `!empty()`
    const Batch& front() const { return *batches_.front(); }

    /// The oldest batch; null if nothing waits. Changes that are pushed from now on are written after it.
    std::unique_ptr<Batch> pop();

    /// Takes back an answered batch, to use its memory again.
    void recycle(std::unique_ptr<Batch> batch);

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

private:
    Batch& batch_for(std::string_view gid, std::size_t bytes);
    bool is_full(const Batch& batch, std::size_t more_bytes) const;
    std::unique_ptr<Batch> new_batch();

    const std::size_t max_batch_;
    std::deque<std::unique_ptr<Batch>> batches_;  ///< Numbered without gaps, oldest first.
    std::uint64_t next_number_ = 0;
    std::uint64_t first_open_ = 0;  ///< Number of the first batch that may have room.
    std::size_t size_ = 0;
    absl::flat_hash_map<std::string_view, std::uint64_t> newest_;  ///< gid -> its last batch; the batch owns the text.
    std::vector<std::unique_ptr<Batch>> spare_;
};

}  // namespace dtmd::store
