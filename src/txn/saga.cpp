#include "txn/modes.h"
#include "txn/text.h"

// protocol.md 5.4. Step k's compensation is row 2k, its action row 2k+1.
namespace dtmd::txn {
namespace {

const Branch& action_of(const Transaction& saga, std::size_t step) { return saga.branches[2 * step + 1]; }
const Branch& compensation_of(const Transaction& saga, std::size_t step) { return saga.branches[2 * step]; }
std::size_t steps_of(const Transaction& saga) { return saga.branches.size() / 2; }

// What may have run must be undone: everything that answered, and everything that could have been sent, since a
// crash may have lost the memory of the sending. A refused action is undone too; it may have refused half-way.
bool may_have_run(const Transaction& saga, const Live& live, std::size_t step) {
    if (live.may_have_run_ahead && may_lag(saga)) return true;
    return action_of(saga, step).status != BranchStatus::prepared || is_runnable(saga, step);
}

bool needs_undoing(const Transaction& saga, const Live& live, std::size_t step) {
    return may_have_run(saga, live, step) && compensation_of(saga, step).status != BranchStatus::succeed;
}

// The way back mirrors the way forward: a step waits until all that came after it is undone.
std::vector<bool> steps_that_wait(const Transaction& saga, const std::vector<bool>& to_undo) {
    std::vector<bool> waits(to_undo.size());
    bool later_to_undo = false;
    for (std::size_t step = to_undo.size(); step-- > 0;) {
        if (later_to_undo && !saga.saga_concurrent) waits[step] = true;
        if (!to_undo[step]) continue;
        later_to_undo = true;
        if (step >= saga.orders.size()) continue;
        for (const std::uint32_t before : saga.orders[step]) waits[before] = true;
    }
    return waits;
}

// Clients look for FAILURE at the end, and the stores' columns are bounded: what is too long is cut before it.
std::string refusal(const Branch& action) {
    constexpr std::string_view word = "FAILURE";
    std::string reason = "url:" + storable_text(action.url, max_error_text / 2) + " return failed: ";
    const std::size_t room = max_error_text - reason.size() - word.size() - 1;
    const std::string text = storable_text(action.last_error, room);
    reason += text;
    if (!text.ends_with(word)) reason.append(text.empty() ? "" : " ").append(word);
    return reason;
}

std::optional<Turn> turn_back(const Transaction& saga, const Live& live, Time now) {
    for (std::size_t step = 0; step < steps_of(saga); ++step) {
        if (action_of(saga, step).status == BranchStatus::failed) {
            return Turn{Status::aborting, refusal(action_of(saga, step))};
        }
    }
    if (live.retry_limit_exceeded) {
        return Turn{Status::aborting,
                    "RetryCount is greater than RetryLimit, RetryLimit: " + std::to_string(saga.options.retry_limit)};
    }
    const std::int64_t timeout = saga.options.timeout_to_fail;
    if (timeout > 0 && now >= saga.create_time + seconds_bounded(timeout)) {
        return Turn{Status::aborting, timeout_reason(timeout)};
    }
    return std::nullopt;
}

Decision decide_forward(const Transaction& saga, const Live& live, Time now) {
    Decision decision;
    bool all_done = true;
    for (std::size_t step = 0; step < steps_of(saga); ++step) {
        all_done = all_done && action_of(saga, step).status == BranchStatus::succeed;
    }
    if (all_done) {
        decision.turn = Turn{Status::succeed, {}};
        return decision;
    }
    decision.turn = turn_back(saga, live, now);
    if (decision.turn) return decision;

    for (std::size_t step = 0; step < steps_of(saga); ++step) {
        if (action_of(saga, step).status == BranchStatus::prepared && is_runnable(saga, step)) {
            call_or_wake(decision, live, 2 * step + 1, now);
        }
    }
    if (saga.options.timeout_to_fail > 0) {
        wake_by(decision, saga.create_time + seconds_bounded(saga.options.timeout_to_fail));
    }
    return decision;
}

Decision decide_back(const Transaction& saga, const Live& live, Time now) {
    Decision decision;
    std::vector<bool> to_undo(steps_of(saga));
    for (std::size_t step = 0; step < to_undo.size(); ++step) to_undo[step] = needs_undoing(saga, live, step);
    const std::vector<bool> waits = steps_that_wait(saga, to_undo);

    bool all_undone = true;
    for (std::size_t step = 0; step < to_undo.size(); ++step) {
        // A compensation waits for its action's open call: overtaking it would leave all to the barrier.
        const bool action_open = live.branches[2 * step + 1].open;
        if (action_open) all_undone = false;
        if (!to_undo[step]) continue;
        all_undone = false;
        if (!action_open && !waits[step]) call_or_wake(decision, live, 2 * step, now);
    }
    if (all_undone) decision.turn = Turn{Status::failed, {}};
    return decision;
}

}  // namespace

bool may_lag(const Transaction& saga) {
    return saga.options.timeout_to_fail <= 0 && saga.options.retry_limit <= 0 && !saga.saga_concurrent &&
           saga.orders.empty();
}

bool is_runnable(const Transaction& saga, std::size_t step) {
    const auto succeeded = [&](std::size_t other) { return action_of(saga, other).status == BranchStatus::succeed; };
    if (!saga.saga_concurrent && step > 0 && !succeeded(step - 1)) return false;
    if (step >= saga.orders.size()) return true;
    for (const std::uint32_t before : saga.orders[step]) {
        if (!succeeded(before)) return false;
    }
    return true;
}

Decision decide_saga(const Transaction& saga, const Live& live, Time now) {
    switch (saga.status) {
        case Status::submitted: return decide_forward(saga, live, now);
        case Status::aborting: return decide_back(saga, live, now);
        case Status::prepared:  // dtm's clients submit sagas at once; one that was only prepared waits for its submit.
        case Status::succeed:
        case Status::failed: return {};
    }
    __builtin_unreachable();
}

}  // namespace dtmd::txn
