#pragma once

#include "engine/actor.h"

#include <string>

// The texts that clients match on (protocol.md 1.3 to 1.8), in one place.
namespace dtmd::engine {

Answer failure(std::string text);
Answer invalid(std::string text);
Answer error(std::string text);

/// What a failed write of a client's request is answered with.
Answer store_trouble(store::Outcome outcome);
Answer store_trouble(const Error& error);
Answer stopping();
Answer stopping_midway();  ///< To those who wait for a transaction that goes on later.

Answer cannot_prepare(txn::Status status);
Answer cannot_submit(txn::Status status);
Answer cannot_abort(const txn::Transaction& transaction);
Answer cannot_force_stop(txn::Status status);
Answer never_prepared(const txn::Transaction& request);
Answer no_such_global(const std::string& gid);
Answer not_registrable(const std::string& gid);

/// The stored transaction and a request with the same gid are not the same thing.
Answer other_content(const txn::Transaction& stored, const txn::Transaction& request);

/// What a waiting client is told now (protocol.md 1.4 step 4): the end, or why nothing goes on at the moment.
Answer wait_result(const Actor& actor);

/// Whether a repeated request asks for what is stored: same mode, and, where the request names steps at all, the
/// same branches. Topics may have changed their subscribers in between, so messages to topics are not compared.
bool same_content(const txn::Transaction& stored, const txn::Transaction& request);

}  // namespace dtmd::engine
