#include "txn/backoff.h"
#include "txn/branches.h"
#include "txn/decide.h"
#include "txn/modes.h"
#include "txn/text.h"

#include <algorithm>

namespace dtmd::txn {
namespace {

// retry_limit retries belong to the look under way, so they come quickly; still not in a hot loop (protocol.md W18).
constexpr RetryPolicy soon_policy{Millis{50}, Millis{2'000}};

RetryPolicy retry_policy(const Transaction& transaction, const Policy& policy) {
    // A client that asked for a longer interval than the server's longest gets what it asked for.
    const Millis first = seconds_bounded(base_interval(transaction, policy));
    return {first, std::max(first, policy.max_retry_interval)};
}

void back_off(Transaction& transaction, Attempt& attempt, Answer answer, Time now, const Policy& policy,
              double jitter) {
    const RetryPolicy retry = retry_policy(transaction, policy);
    if (answer == Answer::ongoing) {
        attempt.failures = 0;  // The participant is alive and at work: it is asked at a fixed interval.
    } else {
        ++attempt.failures;
    }
    const Millis spread = delay_after(attempt.failures, retry, answer == Answer::ongoing ? 0 : jitter);
    const Millis whole = delay_after(attempt.failures, retry, 0);
    attempt.retry_at = attempt.planned = now + spread;
    transaction.next_cron_interval = std::chrono::ceil<std::chrono::seconds>(whole).count();
}

bool retries_are_limited(const Transaction& transaction, const Branch& branch) {
    return transaction.mode == Mode::saga && branch.op == op::action && transaction.options.retry_limit > 0;
}

void retry_or_give_up(Transaction& transaction, Live& live, Attempt& attempt, Time now, double jitter) {
    if (transaction.retry_count >= transaction.options.retry_limit) {
        live.retry_limit_exceeded = true;
        return;
    }
    ++transaction.retry_count;
    attempt.soon = true;
    attempt.retry_at = now + delay_after(static_cast<std::uint32_t>(transaction.retry_count), soon_policy, jitter);
}

// An action that answers after the saga has turned back tells nothing any more: its compensation is on its way
// whatever it says, and recording it would widen what has to be undone. Nor does an answer change what has ended.
bool comes_too_late(const Transaction& transaction, const Live& live, const Branch& branch) {
    const bool forward = branch.op == op::action || branch.op == op::confirm || branch.op == op::commit;
    const Status direction = live.turning.value_or(transaction.status);
    return direction != (forward ? Status::submitted : Status::aborting);
}

// Only a saga's action can be refused for good. A row that another program marked as failed without that meaning
// is called like any other, so its success has to count, or it would be called for ever.
bool is_settled(const Transaction& transaction, const Branch& branch) {
    const bool may_refuse = transaction.mode == Mode::saga && branch.op == op::action;
    return branch.status == BranchStatus::succeed || (branch.status == BranchStatus::failed && may_refuse);
}

// The inverse of back_off: how often the wait was doubled. The stored interval may be anything: dtm's has no cap
// (protocol.md W14) and overflows in the end.
std::uint32_t failures_behind(const Transaction& transaction, const Policy& policy) {
    std::uint32_t doublings = 0;
    std::int64_t interval = std::max<std::int64_t>(base_interval(transaction, policy), 1);
    while (interval < transaction.next_cron_interval) {
        ++doublings;
        if (interval > transaction.next_cron_interval / 2) break;
        interval *= 2;
    }
    return doublings == 0 ? 0 : doublings + 1;
}

}  // namespace

Live make_live(const Transaction& transaction, const Policy& policy) {
    Live live;
    live.branches.resize(transaction.branches.size());
    const std::uint32_t failures = failures_behind(transaction, policy);
    // The first failure leaves the interval as it was, so that it was looked at before is the only sign of it.
    const bool looked_at = transaction.update_time > transaction.create_time;
    live.check.failures = looked_at ? std::max<std::uint32_t>(failures, 1) : failures;
    for (std::size_t row = 0; row < live.branches.size(); ++row) {
        const Branch& branch = transaction.branches[row];
        const bool failed_before = branch.status == BranchStatus::prepared && branch.attempts > 0;
        if (failed_before) live.branches[row].failures = std::max<std::uint32_t>(failures, 1);
    }
    return live;
}

bool apply_answer(Transaction& transaction, Live& live, std::size_t row, Answer answer, std::string error, Time now,
                  const Policy& policy, double jitter) {
    Branch& branch = transaction.branches[row];
    Attempt& attempt = live.branches[row];
    attempt.open = false;
    attempt.soon = false;
    branch.last_call = now;
    if (answer != Answer::success) branch.last_error = storable_text(error, max_error_text);
    if (comes_too_late(transaction, live, branch)) return false;

    const bool refused = answer == Answer::failure && transaction.mode == Mode::saga && branch.op == op::action;
    if (answer == Answer::success || refused) {
        attempt = {};
        if (is_settled(transaction, branch)) return false;
        branch.status = refused ? BranchStatus::failed : BranchStatus::succeed;
        branch.update_time = branch.finish_time = now;
        if (!refused) transaction.next_cron_interval = base_interval(transaction, policy);
        return true;
    }
    if (retries_are_limited(transaction, branch)) {
        retry_or_give_up(transaction, live, attempt, now, jitter);
    } else {
        back_off(transaction, attempt, answer, now, policy, jitter);
    }
    return false;
}

void apply_blocked(Transaction& transaction, Live& live, std::size_t row, std::string why, Time now,
                   const Policy& policy, double jitter) {
    live.branches[row].open = false;
    live.branches[row].soon = false;
    transaction.branches[row].last_error = storable_text(why, max_error_text);
    if (comes_too_late(transaction, live, transaction.branches[row])) return;
    back_off(transaction, live.branches[row], Answer::unknown, now, policy, jitter);
}

void apply_check_answer(Transaction& transaction, Live& live, Answer answer, Time now, const Policy& policy,
                        double jitter) {
    live.check.open = false;
    // A message that its client has submitted or aborted meanwhile needs no answer any more.
    if (is_final(transaction.status)) return;
    if (transaction.mode == Mode::message && transaction.status != Status::prepared) return;
    const bool definite = answer == Answer::success || answer == Answer::failure;
    if (transaction.mode == Mode::message && definite) {
        live.check_answer = answer;
        return;
    }
    // A workflow reports its end by submitting itself; that its callback answered only means that it is at work.
    const bool alive = definite || answer == Answer::ongoing;
    back_off(transaction, live.check, alive ? Answer::ongoing : answer, now, policy, jitter);
}

void apply_turn(Transaction& transaction, Live& live, const Turn& turn, Time now) {
    transaction.status = turn.to;
    transaction.update_time = now;
    if (turn.to == Status::succeed) transaction.finish_time = now;
    if (turn.to == Status::failed) transaction.rollback_time = now;
    if (!turn.reason.empty()) transaction.rollback_reason = turn.reason;
    // A message that its check-back has released is delayed like one that its client has submitted. What was prepared
    // has been checked.
    if (transaction.mode == Mode::message && turn.to == Status::submitted) (void)parse_custom_data(transaction);
    for (Attempt& attempt : live.branches) {
        const bool open = attempt.open;
        attempt = {};
        attempt.open = open;
    }
    live.check = {};
    live.check_answer.reset();
    live.turning.reset();
}

}  // namespace dtmd::txn
