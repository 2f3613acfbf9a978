#include "engine/answers.h"
#include "engine/shard.h"
#include "observe/log.h"
#include "store/row_patch.h"
#include "txn/text.h"

// What an actor writes, and what it does when that fails.
namespace dtmd::engine {
namespace {

// After a failed write: long enough not to hammer a store in trouble, short enough that nobody waits for us.
constexpr Millis store_pause{250};
constexpr std::uint32_t patience = 3;

void log_turn(const txn::Transaction& transaction, const txn::Turn& turn) {
    log::info("transaction.turned", {{"gid", transaction.gid},
                                     {"mode", txn::name(transaction.mode)},
                                     {"from", txn::name(transaction.status)},
                                     {"to", txn::name(turn.to)},
                                     {"reason", turn.reason}});
}

}  // namespace

// On a shared store only who has the lease may write: see Mutation::expect_lease.
store::Mutation Shard::update_of(Actor& actor, std::optional<Time> lease, Time at) const {
    store::Mutation mutation;
    mutation.change = store::Change::update;
    mutation.gid = actor.transaction.gid;
    mutation.expect = actor.transaction.status;
    if (!store_.is_exclusive()) {
        mutation.expect_lease = actor.lease_until;
        mutation.expect_owner = actor.transaction.owner;
    }
    mutation.patch.next_cron_time = lease;
    mutation.patch.update_time = at;
    if (lease) actor.sent_lease = *lease;
    actor.sent_at = at;
    return mutation;
}

void Shard::add_rows(const ActorPtr& actor, store::Patch& patch) {
    for (const std::uint32_t row : actor->dirty_rows) {
        patch.rows.push_back(store::row_patch(row, actor->transaction.branches[row]));
    }
    // Only what has a limit is counted, and what can't have changed costs a store its look at the stored text.
    if (actor->transaction.options.retry_limit > 0) patch.retry_count = actor->transaction.retry_count;
    actor->dirty_rows.clear();
    actor->results_pending = false;
}

void Shard::write_turn(const ActorPtr& actor, txn::Turn turn, store::Patch patch, WriteDone then) {
    const Time at = now();
    patch.status = turn.to;
    patch.update_time = at;
    if (!turn.reason.empty()) {
        turn.reason = txn::storable_text(turn.reason, txn::max_error_text);
        patch.rollback_reason = turn.reason;
    }
    if (turn.to == txn::Status::succeed) patch.finish_time = at;
    if (turn.to == txn::Status::failed) patch.rollback_time = at;
    std::optional<Time> lease;
    if (!txn::is_final(turn.to)) {
        lease = at + timeout_of(*actor) + shared_.lease();
        patch.next_cron_interval = txn::base_interval(actor->transaction, policy());
    }
    add_rows(actor, patch);
    std::vector<store::RowPatch> rows = patch.rows;
    store::Mutation mutation = update_of(*actor, lease, at);
    patch.next_cron_time = lease;
    mutation.patch = std::move(patch);
    actor->live.turning = turn.to;
    actor->writing = true;

    auto done = [this, actor, turn = std::move(turn), rows = std::move(rows), lease, at,
                 then = std::move(then)](store::Outcome outcome) mutable {
        actor->live.turning.reset();
        if (outcome != store::Outcome::ok) {
            for (const store::RowPatch& row : rows) actor->dirty_rows.insert(row.row);
            actor->results_pending = !rows.empty();
            if (then) then(outcome);
            return written(actor, outcome);
        }
        txn::Transaction& transaction = actor->transaction;
        log_turn(transaction, turn);
        const bool was_prepared = transaction.status == txn::Status::prepared;
        txn::apply_turn(transaction, actor->live, turn, at);
        if (lease) actor->was_leased(*lease);
        shared_.metrics.transaction_status(txn::name(transaction.mode), txn::name(turn.to));
        if (then) then(outcome);
        if (was_written_by_others(transaction, was_prepared) && !txn::is_final(turn.to) && !actor->gone) {
            actor->writing = false;
            return reload(actor, Millis{0});
        }
        written(actor, outcome);
    };
    store_.apply(loop_, std::move(mutation), std::move(done));
}

void Shard::write_progress(const ActorPtr& actor, std::optional<Time> lease, WriteDone then) {
    store::Mutation mutation = update_of(*actor, lease, now());
    if (lease) mutation.patch.next_cron_interval = actor->transaction.next_cron_interval;
    add_rows(actor, mutation.patch);
    std::vector<std::uint32_t> rows;
    for (const store::RowPatch& row : mutation.patch.rows) rows.push_back(row.row);
    actor->writing = true;

    auto done = [this, actor, rows = std::move(rows), lease, then = std::move(then)](store::Outcome outcome) mutable {
        if (outcome == store::Outcome::ok) {
            if (lease) {
                actor->transaction.next_cron_time = *lease;
                actor->was_leased(*lease);
            }
        } else {
            actor->dirty_rows.insert(rows.begin(), rows.end());
            actor->results_pending = !rows.empty();
        }
        if (then) then(outcome);
        written(actor, outcome);
    };
    store_.apply(loop_, std::move(mutation), std::move(done));
}

// Until a turn is durable, branches can be registered that were not there when the record was read; and on a shared
// store another node may have driven it, whose results say what has to be undone.
bool Shard::was_written_by_others(const txn::Transaction& transaction, bool was_prepared) const {
    const bool may_have_grown = transaction.mode == txn::Mode::tcc || transaction.mode == txn::Mode::xa;
    if (was_prepared) return may_have_grown;
    return transaction.status == txn::Status::aborting && !store_.is_exclusive();
}

void Shard::written(const ActorPtr& actor, store::Outcome outcome) {
    actor->writing = false;
    if (outcome != store::Outcome::unknown) actor->sent_lease = no_time;
    if (actor->gone) return;
    switch (outcome) {
        case store::Outcome::ok: actor->refusals = 0; return advance(actor);
        case store::Outcome::conflict:
        case store::Outcome::not_found:
            // Somebody else has turned it, has claimed it, or has removed it. What is stored is the truth; but a store
            // that refuses what it has just told must not be asked in a hot loop.
            return reload(actor, ++actor->refusals > patience ? store_pause : Millis{0});
        case store::Outcome::unavailable:
        case store::Outcome::unknown: {
            log::warn("transaction.unwritten",
                      {{"gid", actor->transaction.gid},
                       {"outcome", outcome == store::Outcome::unknown ? "unknown" : "unavailable"}});
            tell_all(actor, error("the store is not available; the transaction goes on when it is back"));
            return reload(actor, store_pause);
        }
    }
}

void Shard::reload(const ActorPtr& actor, Millis pause) {
    actor->phase = Actor::Phase::loading;
    auto read = [this, actor] {
        store_.load(loop_, actor->transaction.gid,
                    [this, actor](Result<Found> result) { loaded(actor, std::move(result)); });
    };
    if (pause.count() == 0) return read();
    loop_.after(pause, std::move(read));
}

void Shard::loaded(const ActorPtr& actor, Result<Found> result) {
    if (actor->gone) return;
    if (!result) {
        for (Command& command : std::exchange(actor->commands, {})) {
            tell(std::move(command.who), store_trouble(result.error()));
        }
        tell_all(actor, error("the store is not available; the transaction goes on when it is back"));
        if (!actor->driving || stopping_) return drop(actor);
        return reload(actor, store_pause);
    }
    if (!*result) {
        for (Command& command : std::exchange(actor->commands, {})) {
            const bool submits = command.kind == Command::Kind::submit;
            tell(std::move(command.who),
                 submits ? never_prepared(command.request) : no_such_global(actor->transaction.gid));
        }
        tell_all(actor, no_such_global(actor->transaction.gid));
        return drop(actor);
    }
    adopt_record(actor, std::move(**result));
    actor->phase = Actor::Phase::ready;
    if (!is_ours_to_drive(*actor)) actor->driving = false;
    if (actor->call_now) make_due(*actor);
    advance(actor);
}

// A lease that runs and was not given by this node is another one's. The store may have rounded ours up to a second,
// and the time of a change down, so that two may look alike; where a write broke off, its time must be there as well.
// One that an operator's reset has taken back is not ours any more, however much the next one looks like it.
bool Shard::is_ours_to_drive(const Actor& actor) const {
    using std::chrono::seconds;
    const auto is_lease = [&](Time ours) {
        return actor.lease_until == ours || actor.lease_until == std::chrono::ceil<seconds>(ours);
    };
    if (store_.is_exclusive() || actor.lease_until <= now()) return true;
    if (actor.own_owner && *actor.own_owner != actor.transaction.owner) return false;
    if (is_lease(actor.own_lease)) return true;
    const Time changed = actor.transaction.update_time;
    return is_lease(actor.sent_lease) &&
           (changed == actor.sent_at || changed == std::chrono::floor<seconds>(actor.sent_at));
}

// Takes over what is stored, but keeps what this node knows better: answers that are not written yet, and open calls.
void Shard::adopt_record(const ActorPtr& actor, txn::Transaction record) {
    if (const auto complaint = txn::parse_custom_data(record); !complaint.empty()) {
        log::warn("transaction.custom_data_unreadable", {{"gid", record.gid}, {"reason", complaint}});
    }
    const txn::Transaction known = std::move(actor->transaction);
    actor->transaction = std::move(record);
    txn::Live live = txn::make_live(actor->transaction, policy());
    const bool known_before = known.create_time != no_time;
    const bool same_direction = known_before && known.status == actor->transaction.status;
    for (std::size_t row = 0; row < std::min(known.branches.size(), live.branches.size()); ++row) {
        if (row < actor->live.branches.size()) {
            live.branches[row].open = actor->live.branches[row].open;
            if (same_direction) live.branches[row] = actor->live.branches[row];
        }
        if (!actor->dirty_rows.contains(static_cast<std::uint32_t>(row))) continue;
        // A result that another node has written meanwhile is no less true than what this one knows.
        const bool settled_elsewhere = actor->transaction.branches[row].status != txn::BranchStatus::prepared &&
                                       known.branches[row].status == txn::BranchStatus::prepared;
        if (same_direction && !settled_elsewhere) {
            actor->transaction.branches[row] = known.branches[row];
        } else {
            actor->dirty_rows.erase(static_cast<std::uint32_t>(row));
        }
    }
    if (same_direction) {
        live.check = actor->live.check;
        live.check_answer = actor->live.check_answer;
        live.retry_limit_exceeded = actor->live.retry_limit_exceeded;
    } else {
        live.check.open = actor->live.check.open;
    }
    live.may_have_run_ahead = shared_.settings.lazy_branch_results && !(actor->from_the_start && store_.is_exclusive());
    actor->live = std::move(live);
    actor->lease_until = actor->transaction.next_cron_time;
    if (actor->dirty_rows.empty()) actor->results_pending = false;
}

}  // namespace dtmd::engine
