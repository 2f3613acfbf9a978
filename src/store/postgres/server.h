#pragma once

#include "store/postgres/session.h"

#include <string_view>

namespace dtmd::store::postgres {

/// Connects to the database, after creating it if it is missing and `create` says so.
Attempt<std::unique_ptr<Session>> connect_to_database(const PostgresOptions& options, const sql::Endpoint& host,
                                                      bool create);

/// Makes a fresh connection ready for work: finds out what the server is, refuses one that takes no changes (a standby)
/// or keeps less than `require_durable` asks for, chooses the schema, creates what is missing if that is allowed, and
/// refuses tables we can't work with.
///
/// Fills in `session.facts`.
Attempt<void> prepare(Session& session, const PostgresOptions& options);

/// The same up to the server itself: without a look at the schema.
Attempt<void> inspect(Session& session, const PostgresOptions& options);

/// Chooses the schema, after creating it if it is missing and `create` says so. False if there is none.
Attempt<bool> choose_schema(Session& session, const std::string& schema, bool create);

/// `name` as an identifier.
std::string quoted_name(std::string_view name);

}  // namespace dtmd::store::postgres
