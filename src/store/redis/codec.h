#pragma once

#include "base/result.h"
#include "store/backend.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Between transactions and dtm's JSON (docs/protocol.md 4.1, 4.4, 7.3). Pure.
//
// What we write is what dtm reads, with two freedoms taken. The members that can change come first and in one fixed
// order, each of them always there, so that a script finds them as text and replaces them alone; is_ours() tells this
// layout from dtm's. And steps and payloads, which dtm itself drops at its first rewrite, are left out if they can be
// made again from the branches.
//
// What is ours beyond dtm's members is the object "dtmd" in front in the text ext_data, and the member "dtmd" of a
// branch, which dtm does not know and loses when it rewrites that branch.
namespace dtmd::store::redis {

/// Whether `global` has our layout, so that field edits fit.
bool is_ours(std::string_view global);

/// What is_ours() looks for.
inline constexpr std::string_view our_beginning = "{\"id\":0,\"update_time\":";

std::string encode_global(const txn::Transaction& transaction);
std::string encode_branch(std::string_view gid, const txn::Branch& branch);

/// Replaces what stands between two marks in a global of our layout. In the layout's order.
struct Edit {
    std::string_view after, before;
    std::string value;  ///< JSON.
};

std::vector<Edit> edits_of(const Patch& patch);

/// What a row patch puts into a branch, ours or dtm's: its new update_time, and everything from its status to the end.
struct RowEdit {
    std::string update_time, tail;
};

RowEdit edit_of(const RowPatch& patch);

/// A transaction as it lies in Redis.
struct Stored {
    std::string gid, global;
    std::string status;  ///< The text of P_s_<gid>, which is what counts; empty: it was not read.
    std::string score;   ///< In P_u, which is what counts; empty: it is not in there.
    std::vector<std::string> branches;
};

/// Errors: `unavailable`, naming the gid, if it is no JSON of a transaction.
Result<txn::Transaction> decode(const Stored& stored);

/// Makes the change as the scripts would. False, and nothing changed, if it names a row that doesn't exist.
bool apply_patch(const Patch& patch, txn::Transaction& transaction);

std::string encode_key_value(const KeyValue& item);
Result<KeyValue> decode_key_value(std::string_view text);

}  // namespace dtmd::store::redis
