#include "engine/shard.h"
#include "observe/log.h"

#include <algorithm>

// Calls to participants: through the host's gate, out, and their answers back in.
namespace dtmd::engine {
namespace {

std::string_view name_of(txn::Answer answer) {
    switch (answer) {
        case txn::Answer::success: return "success";
        case txn::Answer::failure: return "failure";
        case txn::Answer::ongoing: return "ongoing";
        case txn::Answer::unknown: return "unknown";
    }
    __builtin_unreachable();
}

txn::Attempt& attempt_of(Actor& actor, std::size_t row) {
    return row == check_row ? actor.live.check : actor.live.branches[row];
}

// While a call waited for its turn the transaction may have turned, been stopped, or been lost to another node.
bool still_wanted(const Actor& actor, std::size_t row) {
    if (actor.gone || !actor.driving || actor.live.turning || actor.phase != Actor::Phase::ready) return false;
    const txn::Status status = actor.transaction.status;
    // dtm may have left a workflow in any status; a message is only asked about while it is prepared.
    if (row == check_row) return status == txn::Status::prepared || actor.transaction.mode == txn::Mode::workflow;
    const std::string& op = actor.transaction.branches[row].op;
    const bool forward = op == txn::op::action || op == txn::op::confirm || op == txn::op::commit;
    return status == (forward ? txn::Status::submitted : txn::Status::aborting);
}

}  // namespace

Millis Shard::timeout_of(const Actor& actor) const {
    const std::int64_t seconds = actor.transaction.options.request_timeout;
    return seconds > 0 ? Millis{seconds * 1000} : shared_.settings.request_timeout;
}

// The answer, and its record, have to be in before anybody else may take the transaction over.
bool Shard::lease_covers_a_call(const Actor& actor) const {
    return actor.lease_until >= now() + timeout_of(actor) + Millis{2'000};
}

std::string Shard::url_of(const Actor& actor, std::size_t row) const {
    return row == check_row ? actor.transaction.query_prepared : actor.transaction.branches[row].url;
}

participant::Call Shard::call_of(const Actor& actor, std::size_t row) const {
    const txn::Transaction& transaction = actor.transaction;
    participant::Call call;
    call.url = url_of(actor, row);
    call.protocol = transaction.protocol;
    call.gid = transaction.gid;
    call.trans_type = txn::name(transaction.mode);
    call.headers = transaction.options.branch_headers;
    call.timeout = timeout_of(actor);
    if (row == check_row) {
        const bool workflow = transaction.mode == txn::Mode::workflow;
        call.branch_id = "00";
        call.op = workflow ? transaction.workflow_name : std::string(txn::op::msg);
        if (workflow) call.body = transaction.workflow_data;
    } else {
        const txn::Branch& branch = transaction.branches[row];
        call.branch_id = branch.branch_id;
        call.op = branch.op;
        call.body = branch.body;
    }
    return call;
}

void Shard::start_call(const ActorPtr& actor, std::size_t row) {
    attempt_of(*actor, row).open = true;
    ++actor->open_calls;
    const std::string url = url_of(*actor, row);
    if (url.empty()) {  // protocol.md 5.3: success without a call.
        loop_.post([this, actor, row] {
            answered({actor, row}, std::nullopt, participant::Reply{.answer = txn::Answer::success, .text = {}});
        });
        return;
    }
    const std::string_view host = participant::host_of(url);
    switch (gate_.enter(host, {actor, row}, now())) {
        case HostGate::Pass::go: return send({actor, row});
        case HostGate::Pass::queued: return;
        case HostGate::Pass::blocked: return blocked({actor, row}, std::string(host));
    }
}

// Each slot goes to the next that still has a use for it. Not by recursion: a queue may be very long.
void Shard::admit(std::vector<Caller> next, const std::string& host) {
    while (!next.empty()) {
        const Caller caller = std::move(next.back());
        next.pop_back();
        const ActorPtr& actor = caller.actor;
        if (still_wanted(*actor, caller.row) && !stopping_ && lease_covers_a_call(*actor)) {
            send(caller);
            continue;
        }
        for (Caller& one : gate_.give_back(host, now()).next) next.push_back(std::move(one));
        if (actor->gone) continue;
        attempt_of(*actor, caller.row).open = false;
        --actor->open_calls;
        advance(actor);
    }
}

void Shard::send(const Caller& caller) {
    Actor& actor = *caller.actor;
    if (caller.row != check_row) {
        txn::Branch& branch = actor.transaction.branches[caller.row];
        if (branch.attempts++ > 0) shared_.metrics.retried(txn::name(actor.transaction.mode));
        if (branch.first_call == no_time) branch.first_call = now();
        branch.last_call = now();
        actor.dirty_rows.insert(static_cast<std::uint32_t>(caller.row));
    }
    participant::Call call = call_of(actor, caller.row);
    std::string host(participant::host_of(call.url));
    participant_.call(std::move(call), [this, caller, host = std::move(host)](participant::Reply reply) {
        answered(caller, std::optional(host), std::move(reply));
    });
}

void Shard::answered(const Caller& caller, std::optional<std::string> host, participant::Reply reply) {
    const ActorPtr& actor = caller.actor;
    if (!actor->gone) {
        --actor->open_calls;
        if (reply.answer != txn::Answer::success && !actor->trouble) actor->trouble = {reply.answer, reply.text};
        if (caller.row == check_row) {
            check_answered(actor, reply);
        } else {
            branch_answered(actor, caller.row, reply);
        }
    }
    if (host) {
        HostGate::Left left = gate_.leave(*host, reply.reached, now());
        if (!reply.reached && !actor->gone) gate_.sleep(*host, actor);
        after_leaving(*host, std::move(left));
    }
    advance(actor);
}

void Shard::check_answered(const ActorPtr& actor, participant::Reply& reply) {
    txn::apply_check_answer(actor->transaction, actor->live, reply.answer, now(), policy(), random_.fraction());
    log::debug("check_back.answered",
               {{"gid", actor->transaction.gid}, {"result", name_of(reply.answer)}, {"code", reply.code}});
    if (reply.answer == txn::Answer::unknown) alert(*actor, check_row, reply.text);
}

void Shard::branch_answered(const ActorPtr& actor, std::size_t row, participant::Reply& reply) {
    const txn::Transaction& transaction = actor->transaction;
    const txn::Branch& branch = transaction.branches[row];
    shared_.metrics.branch_answered(txn::name(transaction.mode), branch.branch_id, branch.op, name_of(reply.answer),
                                    static_cast<double>(reply.took.count()) / 1e6);
    if (log::enabled(spdlog::level::debug)) {
        log::debug("branch.answered", {{"gid", transaction.gid},
                                       {"branch", branch.branch_id},
                                       {"op", branch.op},
                                       {"result", name_of(reply.answer)},
                                       {"code", reply.code},
                                       {"ms", reply.took.count() / 1000}});
    }
    const bool may_refuse = transaction.mode == txn::Mode::saga && branch.op == txn::op::action;
    if (reply.answer == txn::Answer::failure && !may_refuse) {
        log::warn("branch.refused", {{"gid", transaction.gid},
                                     {"branch", branch.branch_id},
                                     {"op", branch.op},
                                     {"reason", "this operation must succeed in the end: it is tried again"}});
    }
    actor->dirty_rows.insert(static_cast<std::uint32_t>(row));
    const bool changed = txn::apply_answer(actor->transaction, actor->live, row, reply.answer, reply.text, now(),
                                           policy(), random_.fraction());
    if (changed) {
        const bool lazy = shared_.settings.lazy_branch_results && txn::may_be_lazy(transaction, row);
        actor->results_pending = actor->results_pending || !lazy;
    } else if (reply.answer == txn::Answer::unknown || reply.answer == txn::Answer::failure) {
        alert(*actor, row, reply.text);
    }
}

void Shard::after_leaving(const std::string& host, HostGate::Left left) {
    if (left.breaker_change != 0) {
        shared_.metrics.breaker_open(left.breaker_change);
        log::warn(left.breaker_change > 0 ? "host.given_up" : "host.back", {{"host", host}});
    }
    admit(std::move(left.next), host);
    for (const Caller& caller : left.blocked) {
        if (caller.actor->gone) continue;
        blocked(caller, host);
        advance(caller.actor);
    }
    for (const ActorPtr& actor : left.awake) {
        wake(actor, true);
        advance(actor);
    }
}

void Shard::blocked(const Caller& caller, const std::string& host) {
    const ActorPtr& actor = caller.actor;
    --actor->open_calls;
    gate_.sleep(host, actor);
    std::string why = gate_.why_blocked(host, now());
    if (!actor->trouble) actor->trouble = {txn::Answer::unknown, why};
    if (caller.row == check_row) {
        txn::apply_check_answer(actor->transaction, actor->live, txn::Answer::unknown, now(), policy(),
                                random_.fraction());
    } else {
        actor->dirty_rows.insert(static_cast<std::uint32_t>(caller.row));
        txn::apply_blocked(actor->transaction, actor->live, caller.row, why, now(), policy(), random_.fraction());
    }
    alert(*actor, caller.row, why);
}

void Shard::alert(const Actor& actor, std::size_t row, const std::string& error) {
    const std::uint32_t failures = row == check_row ? actor.live.check.failures : actor.live.branches[row].failures;
    if (!shared_.alerts ||
        failures < static_cast<std::uint32_t>(std::max<std::int64_t>(1, shared_.settings.alert_retry_limit)))
        return;
    shared_.alerts(loop_, Alert{.gid = actor.transaction.gid,
                                .status = std::string(txn::name(actor.transaction.status)),
                                .branch_url = url_of(actor, row),
                                .error = error,
                                .retry_count = failures});
}

}  // namespace dtmd::engine
