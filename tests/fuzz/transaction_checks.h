#pragma once

#include "txn/branches.h"
#include "txn/transaction.h"

namespace dtmd::fuzz {

/// Does with a transaction what the engine does with one it was sent, up to its branches. False, with a message for
/// the client checked, if it is refused.
bool take_in(txn::Transaction& transaction);

/// What is shown of a transaction is JSON, and read again says the same.
void check_shown(const txn::Transaction& transaction);

/// Each store's form of a transaction, read again, is that transaction.
void check_stored(const txn::Transaction& transaction);

/// Lets the rules run a transaction that was taken in: whatever is answered, they never ask for nonsense, and
/// they come to an end. `answers` gives the answers.
void check_run(txn::Transaction transaction, std::string_view answers);

/// Rows for a registration are as they should be, or its complaint is.
void check_registration(const txn::Registration& registration);

}  // namespace dtmd::fuzz
