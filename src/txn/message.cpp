#include "txn/modes.h"

// Two-phase messages (protocol.md 5.7): prepared until submitted, or until the check-back tells.
namespace dtmd::txn {
namespace {

Decision decide_prepared(const Transaction& message, const Live& live, Time now, const Policy& policy) {
    Decision decision;
    if (live.check_answer == Answer::success) {
        decision.turn = Turn{Status::submitted, {}};
        return decision;
    }
    if (live.check_answer == Answer::failure) {
        decision.turn = Turn{Status::failed, "the check-back answered that the local transaction was rolled back"};
        return decision;
    }
    const std::int64_t timeout = timeout_seconds(message, policy);
    const Time deadline = message.create_time + seconds_bounded(timeout);
    if (now < deadline) {
        decision.wake = deadline;
    } else if (message.query_prepared.empty()) {
        // Nobody can be asked. dtm sends the message; Compat.EmptyQueryPrepared: false drops it instead.
        decision.turn = policy.submit_without_check_back
                            ? Turn{Status::submitted, {}}
                            : Turn{Status::failed, timeout_reason(timeout) + ", and there is no query_prepared to ask"};
    } else if (!live.check.open) {
        if (live.check.retry_at <= now) {
            decision.check_back = true;
        } else {
            decision.wake = live.check.retry_at;
        }
    }
    return decision;
}

Decision decide_submitted(const Transaction& message, const Live& live, Time now) {
    Decision decision;
    if (now < message.not_before) {
        decision.wake = message.not_before;
        return decision;
    }
    bool all_done = true;
    for (std::size_t row = 0; row < message.branches.size(); ++row) {
        if (message.branches[row].status == BranchStatus::succeed) continue;
        all_done = false;
        call_or_wake(decision, live, row, now);
        if (!message.options.concurrent) break;
    }
    if (all_done) decision.turn = Turn{Status::succeed, {}};
    return decision;
}

}  // namespace

Decision decide_message(const Transaction& message, const Live& live, Time now, const Policy& policy) {
    switch (message.status) {
        case Status::prepared: return decide_prepared(message, live, now, policy);
        case Status::submitted: return decide_submitted(message, live, now);
        case Status::aborting:  // Never set for messages; one that another program set so is finished as failed.
            return Decision{.turn = Turn{Status::failed, {}}, .calls = {}, .check_back = false, .wake = {}};
        case Status::succeed:
        case Status::failed: return {};
    }
    __builtin_unreachable();
}

}  // namespace dtmd::txn
