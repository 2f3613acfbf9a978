#pragma once

#include "engine/engine.h"

#include <string>
#include <vector>

// Transactions, branches and key-value records as JSON (protocol.md 4.1, 4.4, 1.15).
namespace dtmd::api {

/// The text of the options as dtm stores and shows it; at least `{"concurrent":false}`.
std::string options_text(const txn::Transaction& transaction);

void append_transaction(std::string& out, const txn::Transaction& transaction);

/// Times, gid, url, body, status: what dtm shows of a branch.
void append_branches(std::string& out, const txn::Transaction& transaction);

/// The same and what dtmd knows beyond it: attempts, last_error, first_call, last_call (null: never called).
void append_branches_with_attempts(std::string& out, const txn::Transaction& transaction);

void append_key_values(std::string& out, const std::vector<store::KeyValue>& items);

}  // namespace dtmd::api
