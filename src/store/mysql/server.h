#pragma once

#include "store/mysql/session.h"

namespace dtmd::store::mysql {

/// Makes a fresh connection ready for work: finds out what the server is, refuses one that takes no changes (a replica,
/// a node without its cluster) or keeps less than `require_durable` asks for, chooses the database, creates what is
/// missing if that is allowed, and refuses tables we can't work with.
///
/// Fills in `session.facts`.
Attempt<void> prepare(Session& session, const MySqlOptions& options);

/// The same up to the server itself: without a look at the database.
Attempt<void> inspect(Session& session, const MySqlOptions& options);

/// Chooses the database, after creating it if it is missing and `create` says so.
Attempt<void> choose_database(Session& session, const std::string& database, bool create);

}  // namespace dtmd::store::mysql
