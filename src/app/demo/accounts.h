#pragma once

#include "app/demo/database.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dtmd::app {

/// An account of the demo bank, in whole euros.
struct Account {
    std::string name;
    std::int64_t balance = 0;
    std::int64_t frozen = 0;    ///< Part of `balance` that is reserved for outgoing transfers (TCC try).
    std::int64_t incoming = 0;  ///< Announced, not yet part of `balance` (TCC try).

    bool operator==(const Account&) const = default;
};

/// One thing that can be done to an account, and where the bank offers it.
struct Operation {
    std::string_view path;
    std::string_view sql;  ///< ?1: the amount, ?2: the account. Changes no row: refused.
};

/// The operation offered at `path`, or null.
const Operation* find_operation(std::string_view path);

/// Creates the table and those of `opening` that are not there yet.
Result<void> open_accounts(Database& database, const std::vector<Account>& opening);

/// Errors: `conflict` if the bank refuses (no such account, not enough money): a definite no.
Result<void> carry_out(Database& database, const Operation& operation, const std::string& account, std::int64_t amount);

/// All accounts by name.
Result<std::vector<Account>> read_accounts(Database& database);

}  // namespace dtmd::app
