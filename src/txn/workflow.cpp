#include "txn/modes.h"

#include <algorithm>

// Workflows (protocol.md 5.8): the client runs them and reports; we call it back when it has gone quiet.
namespace dtmd::txn {

Decision decide_workflow(const Transaction& workflow, const Live& live, Time now, const Policy& policy) {
    Decision decision;
    if (workflow.query_prepared.empty() || live.check.open) return decision;

    // While progress keeps coming in, the first execution is plainly alive and a second one beside it would only do
    // everything twice.
    // Not update_time: our own bookkeeping moves it, and would put off the callback for ever.
    Time last_sign = workflow.create_time;
    for (const Branch& branch : workflow.branches) last_sign = std::max(last_sign, branch.create_time);
    const Time quiet = last_sign + seconds_bounded(base_interval(workflow, policy));
    // A callback that was cut off may still be executing, so the back-off alone isn't enough; an order is.
    const bool ordered = live.check.retry_at != live.check.planned;
    const Time due = ordered ? live.check.retry_at : std::max(quiet, live.check.retry_at);
    if (due <= now) {
        decision.check_back = true;
    } else {
        decision.wake = due;
    }
    return decision;
}

}  // namespace dtmd::txn
