#pragma once

#include "txn/transaction.h"

#include <cstddef>

// Steps and payloads from the branches that were made from them (docs/protocol.md 5.1). Pure.
namespace dtmd::store::redis {

/// Fills steps and payloads from the first `rows` branches. What can't come from a saga or a message is left empty.
void rebuild_steps(txn::Transaction& transaction, std::size_t rows);

/// Whether rebuild_steps would give the very steps and payloads it has.
bool can_rebuild(const txn::Transaction& transaction);

}  // namespace dtmd::store::redis
