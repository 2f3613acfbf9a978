#pragma once

#include "proto/store_record.pb.h"
#include "store/backend.h"

#include <cstdint>

// What a patch does to a stored state. Pure.
namespace dtmd::store::rocks {

/// Where a transaction stands in the indexes: unfinished ones in the due index by their next_cron_time, finished
/// ones in the expiry index by their end.
struct Place {
    bool finished = false;
    Time at;
    bool operator==(const Place&) const = default;
};

Place place_of(const proto::State& state);

inline txn::Status status_of(const proto::State& state) { return static_cast<txn::Status>(state.status()); }

inline txn::Mode mode_of(const proto::State& state) { return static_cast<txn::Mode>(state.mode()); }

/// How many branch rows the transaction has.
std::uint32_t row_count(const proto::State& state);

/// Makes the change. False, and nothing changed, if it names a row that doesn't exist.
bool apply_patch(const Patch& patch, proto::State& state);

/// A hash of what must be unique among a transaction's rows. Stored: never to be changed.
std::uint64_t row_hash(std::string_view branch_id, std::string_view op);

}  // namespace dtmd::store::rocks
