#include "engine/answers.h"
#include "engine/shard.h"
#include "observe/log.h"

#include <algorithm>

// What clients and operators ask for. New transactions are inserted without looking first; whatever exists is read,
// and commands on one transaction are carried out one after the other by its actor.
namespace dtmd::engine {

using txn::Mode;
using txn::Status;

void Shard::prepare(txn::Transaction request, Waiter waiter) {
    if (stopping_) return tell(std::move(waiter), stopping());
    request.status = Status::prepared;
    if (!make_ready(request, waiter)) return;
    request.next_cron_time = txn::first_look(request, now(), policy());

    store::Mutation mutation;
    mutation.change = store::Change::insert;
    mutation.gid = request.gid;
    mutation.record = request;
    auto done = [this, request = std::move(request), waiter = std::move(waiter)](store::Outcome outcome) mutable {
        if (outcome == store::Outcome::ok) {
            shared_.due_noted(request.next_cron_time);
            shared_.metrics.transaction_status(txn::name(request.mode), txn::name(Status::prepared));
            return tell(std::move(waiter), {});
        }
        if (outcome != store::Outcome::conflict) return tell(std::move(waiter), store_trouble(outcome));
        std::string gid = request.gid;
        auto judge = [request = std::move(request)](const txn::Transaction* stored) {
            if (stored == nullptr) return store_trouble(store::Outcome::unknown);
            if (!same_content(*stored, request)) return other_content(*stored, request);
            return stored->status == Status::prepared ? Answer{} : cannot_prepare(stored->status);
        };
        answer_existing(std::move(gid), std::move(waiter), std::move(judge));
    };
    store_.apply(loop_, std::move(mutation), std::move(done));
}

void Shard::answer_existing(std::string gid, Waiter waiter, absl::AnyInvocable<Answer(const txn::Transaction*)> judge) {
    auto done = [this, waiter = std::move(waiter), judge = std::move(judge)](Result<Found> found) mutable {
        if (!found) return tell(std::move(waiter), store_trouble(found.error()));
        tell(std::move(waiter), judge(*found ? &**found : nullptr));
    };
    store_.load(loop_, std::move(gid), std::move(done));
}

void Shard::submit(txn::Transaction request, Waiter waiter) {
    if (stopping_) return tell(std::move(waiter), stopping());
    request.status = Status::submitted;
    if (!make_ready(request, waiter)) return;
    if (find(request.gid)) {
        Command command;
        command.kind = Command::Kind::submit;
        command.request = std::move(request);
        command.who = std::move(waiter);
        std::string gid = command.request.gid;
        return queue(std::move(gid), std::move(command));
    }
    if (request.mode == Mode::tcc || request.mode == Mode::xa)
        return turn_unread(std::move(request), std::move(waiter));
    insert_and_drive(std::move(request), std::move(waiter));
}

void Shard::insert_and_drive(txn::Transaction request, Waiter waiter) {
    const ActorPtr actor = add(request.gid, Actor::Phase::inserting);
    const bool waits = request.options.wait_result;
    actor->transaction = std::move(request);
    actor->transaction.next_cron_time = now() + timeout_of(*actor) + shared_.lease();

    store::Mutation mutation;
    mutation.change = store::Change::insert;
    mutation.gid = actor->transaction.gid;
    mutation.record = actor->transaction;
    auto done = [this, actor, waits, waiter = std::move(waiter)](store::Outcome outcome) mutable {
        if (outcome == store::Outcome::ok) {
            actor->live = txn::make_live(actor->transaction, policy());
            actor->was_leased(actor->transaction.next_cron_time);
            actor->from_the_start = true;
            return became_driven(actor, std::move(waiter), waits);
        }
        if (outcome == store::Outcome::conflict) {
            Command command;
            command.kind = Command::Kind::submit;
            command.request = actor->transaction;
            command.who = std::move(waiter);
            actor->commands.push_front(std::move(command));
            return reload(actor, Millis{0});
        }
        tell(std::move(waiter), store_trouble(outcome));
        answer_commands(actor, store_trouble(outcome));
        drop(actor);
    };
    store_.apply(loop_, std::move(mutation), std::move(done));
}

// A prepared tcc or xa is turned first and read afterwards: no branch can join it once it has turned, so what is read
// then is complete.
void Shard::turn_unread(txn::Transaction request, Waiter waiter) {
    const ActorPtr actor = add(request.gid, Actor::Phase::claiming);
    actor->transaction = std::move(request);
    store::Mutation mutation;
    mutation.gid = actor->transaction.gid;
    mutation.expect = Status::prepared;
    mutation.expect_mode = actor->transaction.mode;
    mutation.patch.status = Status::submitted;
    mutation.patch.options = actor->transaction.options;
    mutation.patch.update_time = now();
    mutation.patch.next_cron_interval = actor->transaction.next_cron_interval;
    mutation.patch.next_cron_time = now() + timeout_of(*actor) + shared_.lease();
    actor->sent_lease = *mutation.patch.next_cron_time;
    actor->sent_at = mutation.patch.update_time;
    auto done = [this, actor, waiter = std::move(waiter)](store::Outcome outcome) mutable {
        if (outcome == store::Outcome::unavailable || outcome == store::Outcome::unknown) {
            tell(std::move(waiter), store_trouble(outcome));
            answer_commands(actor, store_trouble(outcome));
            return drop(actor);
        }
        if (outcome == store::Outcome::ok) {
            shared_.metrics.transaction_status(txn::name(actor->transaction.mode), txn::name(Status::submitted));
            actor->driving = true;
            actor->own_lease = actor->sent_lease;
            if (actor->transaction.options.wait_result) {
                actor->waiters.push_back(std::move(waiter));
            } else {
                tell(std::move(waiter), {});
            }
            return reload(actor, Millis{0});
        }
        Command command;
        command.kind = Command::Kind::submit;
        command.request = actor->transaction;
        command.who = std::move(waiter);
        actor->commands.push_front(std::move(command));
        reload(actor, Millis{0});
    };
    store_.apply(loop_, std::move(mutation), std::move(done));
}

void Shard::became_driven(const ActorPtr& actor, Waiter waiter, bool waits) {
    const txn::Transaction& transaction = actor->transaction;
    shared_.metrics.transaction_status(txn::name(transaction.mode), txn::name(transaction.status));
    shared_.metrics.transaction_processed(txn::name(transaction.mode), true, 0);
    actor->phase = Actor::Phase::ready;
    actor->driving = true;
    if (waits) {
        actor->waiters.push_back(std::move(waiter));
    } else {
        tell(std::move(waiter), {});
    }
    advance(actor);
}

void Shard::answer_commands(const ActorPtr& actor, const Answer& answer) {
    for (Command& command : std::exchange(actor->commands, {})) tell(std::move(command.who), answer);
}

void Shard::command(std::string gid, Command command) {
    if (stopping_) return tell(std::move(command.who), stopping());
    queue(std::move(gid), std::move(command));
}

void Shard::queue(std::string gid, Command command) {
    ActorPtr actor = find(gid);
    if (!actor) {
        actor = add(std::move(gid), Actor::Phase::ready);
        actor->commands.push_back(std::move(command));
        return reload(actor, Millis{0});
    }
    actor->commands.push_back(std::move(command));
    wake(actor, false);
    advance(actor);
}

void Shard::run_command(const ActorPtr& actor, Command command) {
    switch (command.kind) {
        case Command::Kind::submit: return run_submit(actor, std::move(command));
        case Command::Kind::abort: return run_abort(actor, std::move(command));
        case Command::Kind::force_stop: return run_force_stop(actor, std::move(command));
    }
}

void Shard::run_submit(const ActorPtr& actor, Command command) {
    const txn::Transaction& stored = actor->transaction;
    txn::Transaction& request = command.request;
    if (!same_content(stored, request)) return tell(std::move(command.who), other_content(stored, request));
    const bool waits = request.options.wait_result;
    switch (stored.status) {
        case Status::submitted: return join(actor, std::move(command.who), waits);
        case Status::prepared: {
            store::Patch patch;
            patch.options = request.options;
            if (request.not_before != no_time) patch.not_before = request.not_before;
            if (!request.custom_data.empty()) patch.custom_data = request.custom_data;
            return turn_by_command(actor, std::move(command), {Status::submitted, {}}, std::move(patch), waits);
        }
        case Status::succeed:
            if (shared_.settings.safe_resubmit) return tell(std::move(command.who), {});
            [[fallthrough]];
        case Status::aborting:
        case Status::failed: return tell(std::move(command.who), cannot_submit(stored.status));
    }
}

// protocol.md 1.6. A message is only ever aborted before it is submitted; the request's trans_type must name what is
// stored (dtm accepts tcc for xa, W19).
void Shard::run_abort(const ActorPtr& actor, Command command) {
    const txn::Transaction& stored = actor->transaction;
    if (stored.mode == Mode::message && stored.status == Status::prepared) {
        txn::Turn turn{Status::failed, command.rollback_reason};
        return turn_by_command(actor, std::move(command), std::move(turn), {}, false);
    }
    const bool two_phased = stored.mode == Mode::tcc || stored.mode == Mode::xa;
    if (!two_phased || command.trans_type != txn::name(stored.mode)) {
        return tell(std::move(command.who), cannot_abort(stored));
    }
    const bool waits = stored.options.wait_result;
    if (stored.status == Status::aborting) return join(actor, std::move(command.who), waits);
    if (stored.status != Status::prepared) return tell(std::move(command.who), cannot_abort(stored));
    txn::Turn turn{Status::aborting, command.rollback_reason};
    turn_by_command(actor, std::move(command), std::move(turn), {}, waits);
}

void Shard::run_force_stop(const ActorPtr& actor, Command command) {
    const txn::Transaction& stored = actor->transaction;
    if (txn::is_final(stored.status)) return tell(std::move(command.who), cannot_force_stop(stored.status));
    log::warn("transaction.force_stopped", {{"gid", stored.gid}, {"status", txn::name(stored.status)}});
    turn_by_command(actor, std::move(command), {Status::failed, {}}, {}, false);
}

// The client is told when the turn is durable; if somebody else turned the transaction first, the command is judged
// again by what is stored then.
void Shard::turn_by_command(const ActorPtr& actor, Command command, txn::Turn turn, store::Patch patch, bool waits) {
    if (patch.options) actor->transaction.options = *patch.options;
    if (patch.not_before) actor->transaction.not_before = *patch.not_before;
    if (patch.custom_data) {
        actor->transaction.custom_data = *patch.custom_data;
        actor->transaction.saga_concurrent = command.request.saga_concurrent;
        actor->transaction.orders = command.request.orders;
    }
    auto then = [this, actor, waits, command = std::move(command)](store::Outcome outcome) mutable {
        if (outcome == store::Outcome::ok) {
            actor->driving = true;
            if (!waits) return tell(std::move(command.who), {});
            actor->waiters.push_back(std::move(command.who));
            return;
        }
        if (outcome == store::Outcome::not_found) return actor->commands.push_front(std::move(command));
        tell(std::move(command.who), store_trouble(outcome));
    };
    write_turn(actor, std::move(turn), std::move(patch), std::move(then));
}

// The transaction is on its way already; it is looked at now instead of at its next turn, as dtm would. On a shared
// store it may be another node that drives it: then this node leaves it alone.
void Shard::join(const ActorPtr& actor, Waiter waiter, bool waits) {
    if (!actor->driving) actor->driving = store_.is_exclusive() || actor->lease_until <= now();
    if (!waits) {
        tell(std::move(waiter), {});
    } else if (actor->driving) {
        actor->waiters.push_back(std::move(waiter));
    } else {
        tell(std::move(waiter), wait_result(*actor));
    }
    for (txn::Attempt& attempt : actor->live.branches) attempt.retry_at = {};
}

void Shard::submit_workflow(std::string gid, Status status, std::string reason, std::string result, Waiter waiter) {
    if (stopping_) return tell(std::move(waiter), stopping());
    const Time at = now();
    store::Mutation mutation;
    mutation.gid = gid;
    mutation.expect = Status::prepared;
    mutation.expect_mode = Mode::workflow;
    mutation.patch.status = status;
    mutation.patch.update_time = at;
    if (!reason.empty()) mutation.patch.rollback_reason = std::move(reason);
    if (!result.empty()) mutation.patch.result = std::move(result);
    (status == Status::succeed ? mutation.patch.finish_time : mutation.patch.rollback_time) = at;
    auto done = [this, gid, status, waiter = std::move(waiter)](store::Outcome outcome) mutable {
        if (outcome == store::Outcome::ok) {
            shared_.metrics.transaction_status(txn::name(Mode::workflow), txn::name(status));
            return tell(std::move(waiter), {});
        }
        if (outcome != store::Outcome::not_found) return tell(std::move(waiter), store_trouble(outcome));
        auto judge = [status](const txn::Transaction* stored) {
            const bool repeated = stored != nullptr && stored->mode == Mode::workflow && stored->status == status;
            return repeated ? Answer{} : error("storage: NotFound");
        };
        answer_existing(std::move(gid), std::move(waiter), std::move(judge));
    };
    store_.apply(loop_, std::move(mutation), std::move(done));
}

void Shard::register_branch(txn::Registration registration, Waiter waiter) {
    if (stopping_) return tell(std::move(waiter), stopping());
    std::vector<txn::Branch> rows;
    if (auto complaint = txn::make_rows(registration, now(), rows); !complaint.empty()) {
        const bool type = complaint.starts_with("unknow trans type");
        return tell(std::move(waiter), type ? error(std::move(complaint)) : invalid(std::move(complaint)));
    }
    store::Mutation mutation;
    mutation.change = store::Change::append;
    mutation.gid = registration.gid;
    mutation.expect = Status::prepared;
    mutation.expect_mode = registration.mode;
    mutation.branches = rows;
    auto done = [this, gid = registration.gid, registered_as = registration.mode, rows = std::move(rows),
                 waiter = std::move(waiter)](store::Outcome outcome) mutable {
        if (outcome == store::Outcome::ok) return tell(std::move(waiter), {});
        if (outcome == store::Outcome::not_found) return tell(std::move(waiter), not_registrable(gid));
        if (outcome != store::Outcome::conflict) return tell(std::move(waiter), store_trouble(outcome));
        auto judge = [gid, registered_as, rows = std::move(rows)](const txn::Transaction* stored) {
            const auto is_stored = [&](const txn::Branch& row) {
                return stored != nullptr && std::ranges::any_of(stored->branches, [&](const txn::Branch& other) {
                           // A registered tcc or xa row may have been called since; a workflow's status is its content.
                           const bool same_status = registered_as != Mode::workflow || other.status == row.status;
                           return other.branch_id == row.branch_id && other.op == row.op && other.url == row.url &&
                                  other.body == row.body && same_status;
                       });
            };
            if (std::ranges::all_of(rows, is_stored)) return Answer{};
            return failure("branch '" + rows.front().branch_id + "' of gid '" + gid +
                           "' is registered with other content: storage: UniqueKeyConflict");
        };
        answer_existing(gid, std::move(waiter), std::move(judge));
    };
    store_.apply(loop_, std::move(mutation), std::move(done));
}

}  // namespace dtmd::engine
