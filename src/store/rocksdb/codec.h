#pragma once

#include "base/time.h"
#include "proto/store_record.pb.h"
#include "txn/transaction.h"

#include <string_view>

// Between transactions and the records of the embedded store. What parse_custom_data derives is not stored.
namespace dtmd::store::rocks {

inline std::int64_t to_ms(Time time) { return time.time_since_epoch().count(); }
inline Time from_ms(std::int64_t ms) { return Time(Millis(ms)); }

/// Each fills `out`, whose previous content is lost (its memory is used again).
void encode_fixed(const txn::Transaction& transaction, proto::Fixed& out);
void encode_state(const txn::Transaction& transaction, proto::State& out);
void encode_branch(const txn::Branch& branch, proto::Branch& out);
void encode_options(const txn::Options& options, proto::Options& out);

/// Which value of a record is none that we write; empty if there is none. What has one is damaged, or of a later
/// version: it must not be decoded.
std::string_view why_unreadable(const proto::Fixed& fixed, const proto::State& state);
std::string_view why_unreadable(const proto::Branch& branch);

/// Everything but the branches. Takes the text out of `fixed` and `state`.
txn::Transaction decode_head(std::string gid, proto::Fixed& fixed, proto::State& state);

/// The fixed branches as they were created. To be called before decode_head, which takes the payloads away.
std::vector<txn::Branch> decode_fixed_branches(proto::Fixed& fixed);

txn::Branch decode_branch(proto::Branch& record);

/// Brings `branches` up to date with what `state` knows of them. Takes the text out of `state`.
void decode_rows(proto::State& state, std::vector<txn::Branch>& branches);

}  // namespace dtmd::store::rocks
