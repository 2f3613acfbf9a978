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

/// What this node has last made of a transaction's rows.
struct Remembered {
    RowIds ids;  ///< Branches may be missing at the end: others can have been registered since.
    std::string mode, owner, options, ext_data;
    Time lease;  ///< next_cron_time. Whoever else takes the transaction over moves it.
};

/// What there is to remember of a row that is being inserted, but for keys.
Remembered remembered(GlobalRow&& row);

/// Remembers what was written lately, so that further changes need not read it. It may forget at any time, and what it
/// says of a gid counts only if the stored global row still has that key.
///
/// Thread-safe.
class RowMemory {
public:
    /// Up to twice as many transactions are kept.
    explicit RowMemory(std::size_t generation = 32'768) : generation_(generation) {}

    void remember(std::string gid, Remembered what);
    std::optional<Remembered> find(const std::string& gid);
    void forget(const std::string& gid);

    /// The rows that a transaction had when it was read. Nothing happens unless it is remembered, with that key and
    /// with the first ones of these rows.
    void learn_rows(const std::string& gid, const RowIds& ids);

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
    std::optional<StoredByGid> foretell(std::span<const Mutation> batch) const;

    /// After a commit: remembers what `stored` has become, but for what has ended or was not as expected.
    void settle(std::span<const Mutation> batch, std::span<const Outcome> outcomes, const StoredByGid& stored) const;

    /// After a failure that may have changed the rows.
    void forget(std::span<const Mutation> batch) const;

private:
    RowMemory& memory_;
    std::map<std::string, RowIds, std::less<>> recalled_;
};

}  // namespace dtmd::store::sql
