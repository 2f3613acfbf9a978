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

/// Remembers the primary keys of what was inserted lately, so that updates need not look them up. It may forget at any
/// time, and what it says of a gid counts only if the stored global row still has that key.
///
/// Thread-safe.
class RowMemory {
public:
    /// Up to twice as many transactions are kept.
    explicit RowMemory(std::size_t generation = 32'768) : generation_(generation) {}

    void remember(std::string gid, RowIds ids);
    std::optional<RowIds> find(const std::string& gid);
    void forget(const std::string& gid);

private:
    using Known = absl::flat_hash_map<std::string, RowIds>;

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

private:
    RowMemory& memory_;
    std::map<std::string, RowIds, std::less<>> recalled_;
};

/// Forgets the transactions that have ended with this batch, or were not as their writers knew them.
void forget_what_is_over(RowMemory& memory, std::span<const Mutation> batch, std::span<const Outcome> outcomes);

}  // namespace dtmd::store::sql
