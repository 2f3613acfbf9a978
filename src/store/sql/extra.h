#pragma once

#include "store/backend.h"

#include <cstdint>
#include <map>
#include <string>

// What we know beyond dtm's columns. It lives inside the column ext_data, under the one key "dtmd", which dtm ignores:
//   {"headers":{...},"dtmd":{"created":1700000000123,"not_before":1700000009000,
//    "rows":{"1":{"attempts":3,"error":"HTTP 500","first":1700000000200,"last":1700000001300}}}}
// Times are milliseconds since the Unix epoch. Only what is worth keeping is written: a transaction whose calls all
// succeed at once has none of it.
namespace dtmd::store::sql {

/// What we know of one branch row.
struct RowExtra {
    std::uint32_t attempts = 0;
    std::string error{};
    Time first_call{}, last_call{};
    bool operator==(const RowExtra&) const = default;
};

struct Extra {
    Time created;     ///< create_time to the millisecond, where a deadline hangs on it.
    Time not_before;  ///< A delayed message's first call.
    std::map<std::uint32_t, RowExtra> rows;
    bool operator==(const Extra&) const = default;

    bool empty() const { return created == Time{} && not_before == Time{} && rows.empty(); }
};

RowExtra extra_of(const txn::Branch& branch);
RowExtra extra_of(const RowPatch& patch);

/// Whether calls so far are worth a note: anything but one call that succeeded.
bool is_worth_keeping(const RowExtra& row, txn::BranchStatus status);

/// A column's text, taken apart.
struct ExtData {
    std::string theirs;  ///< What dtm or a client put there, without ours.
    Extra ours;
    bool is_foreign = false;  ///< `theirs` is no JSON object: ours can't be added to it.
};

ExtData split_ext_data(const std::string& text);

/// `theirs` with ours added; `theirs` unchanged if there is nothing to add, or no way to.
///
/// @param most  bytes the column holds. If the whole is longer, error texts are shortened, then left out, then the
///              rows; the two times are always kept.
std::string join_ext_data(const ExtData& data, std::size_t most);

}  // namespace dtmd::store::sql
