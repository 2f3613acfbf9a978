#include "txn/decide.h"

#include "txn/modes.h"

#include <algorithm>
#include <cassert>

namespace dtmd::txn {

Decision decide(const Transaction& transaction, const Live& live, Time now, const Policy& policy) {
    assert(live.branches.size() == transaction.branches.size());
    if (is_final(transaction.status)) return {};
    switch (transaction.mode) {
        case Mode::saga: return decide_saga(transaction, live, now);
        case Mode::tcc:
        case Mode::xa: return decide_phase_two(transaction, live, now, policy);
        case Mode::message: return decide_message(transaction, live, now, policy);
        case Mode::workflow: return decide_workflow(transaction, live, now, policy);
    }
    __builtin_unreachable();
}

void wake_by(Decision& decision, Time moment) {
    decision.wake = decision.wake ? std::min(*decision.wake, moment) : moment;
}

void call_or_wake(Decision& decision, const Live& live, std::size_t row, Time now) {
    const Attempt& attempt = live.branches[row];
    if (attempt.open) return;
    if (attempt.retry_at <= now) {
        decision.calls.push_back(row);
    } else {
        wake_by(decision, attempt.retry_at);
    }
}

Millis seconds_bounded(std::int64_t seconds) {
    constexpr std::int64_t hundred_years = 100LL * 366 * 24 * 3600;
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, hundred_years));
}

std::int64_t base_interval(const Transaction& transaction, const Policy& policy) {
    const Options& options = transaction.options;
    if (options.retry_interval > 0) return options.retry_interval;
    if (options.timeout_to_fail > 0 && options.timeout_to_fail < policy.retry_interval) return options.timeout_to_fail;
    return policy.retry_interval;
}

std::int64_t timeout_seconds(const Transaction& transaction, const Policy& policy) {
    if (transaction.options.timeout_to_fail > 0) return transaction.options.timeout_to_fail;
    return transaction.mode == Mode::saga ? 0 : policy.timeout_to_fail;
}

std::string timeout_reason(std::int64_t seconds) { return "Timeout after " + std::to_string(seconds) + " seconds"; }

Time first_look(const Transaction& transaction, Time now, const Policy& policy) {
    if (transaction.status == Status::prepared && transaction.mode != Mode::workflow &&
        transaction.mode != Mode::saga) {
        return now + seconds_bounded(timeout_seconds(transaction, policy));
    }
    return now + seconds_bounded(base_interval(transaction, policy));
}

bool may_be_lazy(const Transaction& transaction, std::size_t row) {
    const Branch& branch = transaction.branches[row];
    if (branch.op != op::action || branch.status != BranchStatus::succeed) return false;
    if (transaction.mode == Mode::saga) return may_lag(transaction);
    return transaction.mode == Mode::message && !transaction.options.concurrent;
}

}  // namespace dtmd::txn
