#pragma once

#include "txn/decide.h"

// One decide_* per mode, called by decide() for transactions that have not ended.
namespace dtmd::txn {

Decision decide_saga(const Transaction& transaction, const Live& live, Time now);
Decision decide_phase_two(const Transaction& transaction, const Live& live, Time now, const Policy& policy);
Decision decide_message(const Transaction& transaction, const Live& live, Time now, const Policy& policy);
Decision decide_workflow(const Transaction& transaction, const Live& live, Time now, const Policy& policy);

/// Adds a call of `row` to `decision`, or the moment from which it may be called again. Nothing if it is open.
void call_or_wake(Decision& decision, const Live& live, std::size_t row, Time now);

void wake_by(Decision& decision, Time moment);

/// The seconds after which an undecided transaction times out (protocol.md 6.5); 0: never.
std::int64_t timeout_seconds(const Transaction& transaction, const Policy& policy);

/// Text of the reason that a time-out gives (protocol.md 5.4, 5.5).
std::string timeout_reason(std::int64_t seconds);

/// Seconds as a duration that fits the clock, whatever a client asked for.
Millis seconds_bounded(std::int64_t seconds);

/// Whether successes of this saga's actions may be recorded late.
bool may_lag(const Transaction& saga);

/// Whether saga step `step`'s action may go out, by what has succeeded so far (protocol.md 5.4).
bool is_runnable(const Transaction& saga, std::size_t step);

}  // namespace dtmd::txn
