#pragma once

#include "store/backend.h"

namespace dtmd::store {

/// Sets row `row` of a stored transaction to what `branch` is like.
inline RowPatch row_patch(std::uint32_t row, const txn::Branch& branch) {
    return {.row = row,
            .status = branch.status,
            .update_time = branch.update_time,
            .finish_time = branch.finish_time,
            .attempts = branch.attempts,
            .last_error = branch.last_error,
            .first_call = branch.first_call,
            .last_call = branch.last_call};
}

}  // namespace dtmd::store
