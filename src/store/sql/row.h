#pragma once

#include "base/result.h"
#include "store/backend.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Between transactions and the columns of dtm's tables `trans_global` and `trans_branch_op` (protocol.md 7.1), the
// same for every SQL dialect. Pure: no database, no clock, no thread.
//
// dtm reads and writes the same rows, so each column means what it means to dtm. What only we know is inside ext_data,
// see extra.h. Steps and payloads are no columns: reading makes them from the branch rows.
namespace dtmd::store::sql {

/// Columns hold whole seconds. An event is cut to the second it happened in, as dtm does; a lease ends later rather
/// than earlier.
Time second_of(Time moment);
Time second_after(Time moment);

/// An owner that nobody else has: see Mutation::expect_owner.
std::string new_owner();

/// One row of trans_global. Times are whole seconds; an unset one is NULL.
struct GlobalRow {
    std::string gid, trans_type, status, query_prepared, protocol;
    std::string options, custom_data, owner, ext_data, result, rollback_reason;
    Time create_time, update_time, finish_time, rollback_time, next_cron_time;
    std::int64_t next_cron_interval = 0;
};

/// One row of trans_branch_op. dtm's columns `data` (unused) and `rollback_time` (never set) stay empty.
struct BranchRow {
    std::string gid, branch_id, op, url, bin_data, status;
    Time create_time, update_time, finish_time;
};

/// @param extra_bytes  what the column ext_data holds: evidence that doesn't fit is left out, never what matters.
GlobalRow global_row(const txn::Transaction& transaction, std::size_t extra_bytes);
BranchRow branch_row(const std::string& gid, const txn::Branch& branch);

/// The transaction as it is stored; `branches` in creation order, none for a listing.
///
/// Errors: `invalid` if a column holds what neither dtm nor we write, with gid, column and value.
Result<txn::Transaction> read_rows(GlobalRow global, std::vector<BranchRow> branches);

/// Steps and payloads as the branch rows say: what a client may be shown of a saga or message. Others have none.
void rebuild_steps(txn::Transaction& transaction);

/// One `column = value` of an UPDATE. An unset time is NULL.
struct Assignment {
    std::string_view column;
    std::variant<std::string, std::int64_t, Time> value;
    bool operator==(const Assignment&) const = default;
};

/// What an update of trans_global has to set. `options` and `ext_data` are the row's present texts: what the patch
/// doesn't name in them is kept. None if only branch rows change: as with dtm, those have an update_time of their own.
std::vector<Assignment> assignments(const Patch& patch, const std::string& options, const std::string& ext_data,
                                    std::size_t extra_bytes);

/// What an update of one row of trans_branch_op has to set. Attempts and errors are in the global row's ext_data. One
/// that has no result to tell leaves alone a result that is there.
std::vector<Assignment> assignments(const RowPatch& patch);

}  // namespace dtmd::store::sql
