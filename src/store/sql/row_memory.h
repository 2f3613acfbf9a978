#pragma once

#include "store/sql/stored.h"

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dtmd::store::sql {

/// Where a transaction's rows are: primary keys, which never change. Branch rows in creation order.
struct RowIds {
    std::int64_t global = 0;
    std::vector<std::int64_t> branches;
};

/// What is remembered of a transaction since it was inserted.
struct Remembered {
    RowIds ids;
    txn::Mode mode = txn::Mode::saga;
    std::int64_t retry_count = 0;
    std::string ext_data;
    bool knows_texts = true;  ///< `retry_count` and `ext_data` are still what they were.
};

/// What there is to remember of a transaction that is being inserted, but for its keys.
Remembered remembered(const txn::Transaction& transaction, std::string ext_data);

/// Remembers what was inserted lately, so that updates need not look it up. It may forget at any time, and what it says
/// of a gid counts only if the stored global row still has that key.
///
/// Thread-safe.
class RowMemory {
public:
    /// Up to twice as many transactions are kept.
    explicit RowMemory(std::size_t generation = 32'768) : generation_(generation) {}

    void remember(std::string gid, Remembered what);
    std::optional<Remembered> find(const std::string& gid);
    void forget(const std::string& gid);

    /// The texts of a row have changed. Its keys are still known.
    void forget_texts(const std::string& gid);

private:
    using Known = absl::flat_hash_map<std::string, Remembered>;

    const std::size_t generation_;
    std::mutex mutex_;
    Known young_, old_;
};

/// What one batch recalls of the rows it changes.
class Recall {
public:
    explicit Recall(RowMemory& memory) : memory_(memory) {}

    /// Whether all rows that this update changes are known by their keys: then they need not be looked up.
    bool knows_rows_of(const Mutation& update);

    /// Adds the recalled rows to what was read. False: some were not so any more, and have been forgotten.
    bool complete(StoredByGid& stored) const;

    /// What the transactions that a batch changes must be like by now, if all is as its writers expect it: nothing has
    /// to be read then, it only has to be made sure of. None: something in it has to be looked up.
    std::optional<StoredByGid> foretell(std::span<const Mutation> batch, std::size_t extra_bytes) const;

private:
    RowMemory& memory_;
    std::map<std::string, RowIds, std::less<>> recalled_;
};

/// After a commit: forgets the transactions that have ended with this batch, or were not as their writers knew them,
/// and the texts that it has changed.
void forget_what_is_over(RowMemory& memory, std::span<const Mutation> batch, std::span<const Outcome> outcomes,
                         std::size_t extra_bytes);

}  // namespace dtmd::store::sql
