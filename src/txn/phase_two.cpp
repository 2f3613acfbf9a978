#include "txn/modes.h"

#include <algorithm>

// TCC and XA after their first phase (protocol.md 5.5, 5.6): confirm or cancel, commit or roll back, what was
// registered.
namespace dtmd::txn {
namespace {

std::string_view chosen_op(const Transaction& transaction) {
    const bool forward = transaction.status == Status::submitted;
    if (transaction.mode == Mode::tcc) return forward ? op::confirm : op::cancel;
    return forward ? op::commit : op::rollback;
}

// dtm's order: TCC in reverse order of registration, XA forwards.
std::vector<std::size_t> chosen_rows(const Transaction& transaction) {
    std::vector<std::size_t> rows;
    const std::string_view wanted = chosen_op(transaction);
    for (std::size_t row = 0; row < transaction.branches.size(); ++row) {
        if (transaction.branches[row].op == wanted) rows.push_back(row);
    }
    if (transaction.mode == Mode::tcc) std::ranges::reverse(rows);
    return rows;
}

}  // namespace

Decision decide_phase_two(const Transaction& transaction, const Live& live, Time now, const Policy& policy) {
    Decision decision;
    if (transaction.status == Status::prepared) {
        const std::int64_t timeout = timeout_seconds(transaction, policy);
        const Time deadline = transaction.create_time + seconds_bounded(timeout);
        if (now >= deadline) {
            decision.turn = Turn{Status::aborting, timeout_reason(timeout)};
        } else {
            decision.wake = deadline;
        }
        return decision;
    }

    bool all_done = true, one_open = false;
    std::optional<std::size_t> next;
    for (const std::size_t row : chosen_rows(transaction)) {
        if (transaction.branches[row].status == BranchStatus::succeed) continue;
        all_done = false;
        if (live.branches[row].open) one_open = true;
        // One at a time and in order, but one without a definite answer doesn't hold back the next.
        if (live.branches[row].retry_at <= now) {
            if (!next) next = row;
        } else {
            wake_by(decision, live.branches[row].retry_at);
        }
    }
    if (all_done) {
        decision.turn = Turn{transaction.status == Status::submitted ? Status::succeed : Status::failed, {}};
    } else if (next && !one_open) {
        decision.calls.push_back(*next);
    }
    return decision;
}

}  // namespace dtmd::txn
