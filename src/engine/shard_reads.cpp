#include "engine/answers.h"
#include "engine/shard.h"

#include <algorithm>

// Workflow preparation, queries, and what operators move by hand.
namespace dtmd::engine {

using txn::Status;

void Shard::prepare_workflow(txn::Transaction request, Loop& home, ReplyWith<Found> reply) {
    // The reply is shared by the paths that need no transaction and the one that does.
    auto shared = std::make_shared<ReplyWith<Found>>(std::move(reply));
    Waiter refused{&home, [shared](Answer answer) { (*shared)(std::move(answer), std::nullopt); }};
    if (stopping_) return tell(std::move(refused), stopping());
    request.status = Status::prepared;
    if (!make_ready(request, refused)) return;
    request.next_cron_time = txn::first_look(request, now(), policy());

    store::Mutation mutation;
    mutation.change = store::Change::insert;
    mutation.gid = request.gid;
    mutation.record = request;
    auto done = [this, &home, shared, request = std::move(request),
                 refused = std::move(refused)](store::Outcome outcome) mutable {
        if (outcome == store::Outcome::ok) {
            shared_.due_noted(request.next_cron_time);
            shared_.metrics.transaction_status(txn::name(request.mode), txn::name(Status::prepared));
            return home.post([shared, request = std::move(request)]() mutable { (*shared)({}, std::move(request)); });
        }
        if (outcome != store::Outcome::conflict) return tell(std::move(refused), store_trouble(outcome));
        std::string gid = request.gid;
        auto found = [this, &home, shared, request = std::move(request),
                      refused = std::move(refused)](Result<Found> result) mutable {
            if (!result) return tell(std::move(refused), store_trouble(result.error()));
            if (!*result) return tell(std::move(refused), store_trouble(store::Outcome::unknown));
            if ((*result)->mode != request.mode) return tell(std::move(refused), other_content(**result, request));
            home.post([shared, stored = std::move(*result)]() mutable { (*shared)({}, std::move(stored)); });
        };
        store_.load(loop_, std::move(gid), std::move(found));
    };
    store_.apply(loop_, std::move(mutation), std::move(done));
}

void Shard::query(std::string gid, Loop& home, ReplyWith<Found> reply) {
    const ActorPtr actor = find(gid);
    // While it is prepared branches join it in the store, behind its actor's back; and on a shared store another node
    // may have driven it on.
    const bool complete = store_.is_exclusive() && actor && actor->phase == Actor::Phase::ready && actor->driving &&
                          actor->transaction.status != Status::prepared;
    if (complete) {
        home.post([reply = std::move(reply), copy = actor->transaction]() mutable { reply({}, std::move(copy)); });
        return;
    }
    auto done = [reply = std::move(reply)](Result<Found> found) mutable {
        if (!found) return reply(store_trouble(found.error()), std::nullopt);
        reply({}, std::move(*found));
    };
    store_.load(home, std::move(gid), std::move(done));
}

void Shard::reset_next_cron_time(std::string gid, Waiter waiter) {
    if (stopping_) return tell(std::move(waiter), stopping());
    store::Mutation mutation;
    mutation.gid = gid;
    mutation.any_status = true;
    mutation.patch.update_time = now();
    mutation.patch.next_cron_time = now();
    if (!store_.is_exclusive()) mutation.patch.owner = "dtmd-" + std::to_string(random_.bits());
    auto done = [this, gid, at = now(), waiter = std::move(waiter)](store::Outcome outcome) mutable {
        if (outcome == store::Outcome::not_found) return tell(std::move(waiter), no_such_global(gid));
        if (outcome != store::Outcome::ok) return tell(std::move(waiter), store_trouble(outcome));
        if (find(gid) || store_.is_exclusive()) {
            bring_forward(gid, at);
        } else {
            shared_.due_noted(now());  // Whichever node is first.
        }
        tell(std::move(waiter), {});
    };
    store_.apply(loop_, std::move(mutation), std::move(done));
}

// An operator asks for a call now, whatever the transaction's own plans are.
void Shard::bring_forward(const std::string& gid, Time at) {
    if (!find(gid)) adopt(gid, at, std::nullopt);
    const ActorPtr actor = find(gid);
    if (!actor) return;
    actor->lease_until = actor->own_lease = at;
    actor->own_owner.reset();
    actor->call_now = true;
    // Another node may have driven it since it was read here, and the reset has taken the lease from that one.
    actor->outdated = !store_.is_exclusive();
    if (actor->phase != Actor::Phase::ready) return;
    make_due(*actor);
    wake(actor, false);
    advance(actor);
}

void Shard::adopt(const std::string& gid, Time lease_until, const std::optional<std::string>& owner) {
    if (const ActorPtr actor = find(gid)) {
        actor->driving = true;
        // The claim may have put a shorter lease in the place of ours: an operator's reset had made it due.
        actor->lease_until = actor->own_lease = lease_until;
        actor->own_owner = owner;
        // That it could be claimed at all means that it may have been driven elsewhere since it was read here.
        actor->outdated = !store_.is_exclusive();
        wake(actor, true);
        return advance(actor);
    }
    if (stopping_) return;  // It is found again when its lease runs out.
    // Read again now that it has its place here: since it was claimed a client may have driven it to its end.
    const ActorPtr actor = add(gid, Actor::Phase::loading);
    actor->driving = true;
    actor->own_lease = lease_until;
    actor->own_owner = owner;
    reload(actor, Millis{0});
}

}  // namespace dtmd::engine
