#pragma once

#include "store/backend.h"

#include <cstdint>
#include <string>

// Transactions and changes for tests, short to write.

// Tests name the fields they are about and leave out the rest.
#pragma clang diagnostic ignored "-Wmissing-designated-field-initializers"

namespace dtmd::store::test {

/// Moments of the samples: `ticks` after an arbitrary fixed one. A tick is a millisecond, or what set_tick said.
Time at(std::int64_t ticks);

/// For stores that keep times no finer than this, which must be whole seconds if it isn't the default.
void set_tick(Millis tick);

/// A submitted saga of two steps (four rows), created and due at `created`.
txn::Transaction saga(std::string gid, Time created = at(0));

/// A prepared tcc without rows, created and due at `created`.
txn::Transaction tcc(std::string gid, Time created = at(0));

/// A transaction in which every stored field differs from its default.
txn::Transaction full(std::string gid);

txn::Branch branch(std::string branch_id, std::string op);

Mutation insert(txn::Transaction record);
Mutation update(std::string gid, txn::Status expect, Patch patch);
Mutation turn(std::string gid, txn::Status expect, txn::Status to, Time when = at(1000));
Mutation append(std::string gid, txn::Status expect, std::vector<txn::Branch> branches);

}  // namespace dtmd::store::test
