#pragma once

#include "store/backend.h"
#include "store/sql/row.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What is stored of the transactions that a batch changes, and what that says of the changes: the same for every SQL
// dialect. Pure.
namespace dtmd::store::sql {

struct StoredRow {
    std::int64_t id;
    std::string branch_id, op;
};

/// A transaction whose row is locked.
struct Stored {
    std::int64_t id = 0;  ///< 0: there is no such transaction, but there may be rows that one left behind.
    std::string status, mode, owner, options, ext_data;
    Time lease;                     ///< next_cron_time.
    std::optional<Time> new_lease;  ///< What the batch moves it to.
    std::vector<StoredRow> rows;  ///< In creation order, if the batch needs them. Foretold: the keys of the first ones.
    bool is_remembered = false;   ///< The memory of rows (row_memory.h) knows it as it is here.
};

using StoredByGid = std::map<std::string, Stored, std::less<>>;

/// Whether a row with this lease and this owner is as the mutation expects it.
bool has_expected_lease(const Mutation& mutation, Time lease, std::string_view owner);

/// What an update or an append changes; null if it isn't there, or isn't as the mutation expects it.
Stored* find_expected(StoredByGid& all, const Mutation& mutation);

/// What an update of a transaction that is as expected sets in its global row. From then on `stored` is as it will be.
std::vector<Assignment> change(Stored& stored, const Patch& patch, std::size_t extra_bytes);

/// Two rows have the same branch_id and op.
bool has_doubles(const std::vector<txn::Branch>& branches);

/// Rows that are to be appended are there already, or twice among themselves.
bool has_conflict(const Stored& stored, const std::vector<txn::Branch>& appended);

/// What the global row has to say of rows that are appended behind the first `rows`.
Patch evidence_of(const std::vector<txn::Branch>& appended, std::size_t rows);

}  // namespace dtmd::store::sql
