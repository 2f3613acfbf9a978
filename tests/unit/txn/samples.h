#pragma once

#include "txn/decide.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Transactions as the tests of this room need them, and decisions as text, so that a rule fits on one line.
namespace dtmd::txn::samples {

inline constexpr Time t0{Millis{1'795'000'000'000}};  ///< When every sample was created.
inline constexpr Time after(std::int64_t seconds) { return t0 + std::chrono::seconds(seconds); }

/// Rows 2k (compensate) and 2k+1 (action) of step k, submitted at t0.
Transaction saga(std::size_t steps);

/// Rows 2k (cancel, rollback) and 2k+1 (confirm, commit) of branch k, prepared at t0.
Transaction tcc(std::size_t branches);
Transaction xa(std::size_t branches);

/// Row k is the action of step k; prepared at t0, with a query_prepared.
Transaction message(std::size_t steps);

/// Prepared at t0, called back at query_prepared.
Transaction workflow();

/// One letter per row: p(repared), s(ucceed), f(ailed).
void set_rows(Transaction& transaction, std::string_view letters);
std::string rows_of(const Transaction& transaction);

/// "turn aborting" | "call 0 2" | "check" | "wait 10" (seconds after t0) | "-"; parts joined by ", ".
std::string text(const Decision& decision);

/// What decide says of `transaction` when nothing is under way.
std::string decided(const Transaction& transaction, Time now, const Policy& policy = {});

}  // namespace dtmd::txn::samples
