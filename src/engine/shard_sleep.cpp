#include "engine/answers.h"
#include "engine/shard.h"

#include <algorithm>

// Waiting, waking, and handing back.
namespace dtmd::engine {
namespace {

// The shard looks at its alarms at least this often: a wall clock that is set moves every deadline.
constexpr Millis longest_nap{1'000};

}  // namespace

void Shard::sleep(const ActorPtr& actor, Time until) {
    set_awake(actor, false);
    due_.set(actor, until);
    arm(until);
}

void Shard::make_due(Actor& actor) {
    for (txn::Attempt& attempt : actor.live.branches) attempt.retry_at = {};
    actor.live.check.retry_at = std::min(actor.live.check.retry_at, now());
    if (std::exchange(actor.call_now, false)) actor.live.check.retry_at = now();
}

void Shard::wake(const ActorPtr& actor, bool at_once) {
    if (at_once && actor->phase == Actor::Phase::ready) make_due(*actor);
    if (!actor->sleeping) return;
    due_.clear(*actor);
    set_awake(actor, true);
    if (!txn::is_final(actor->transaction.status)) {
        const Millis age = now() - actor->transaction.create_time;
        shared_.metrics.transaction_processed(txn::name(actor->transaction.mode), true,
                                              static_cast<double>(age.count()) / 1e3);
    }
}

void Shard::set_awake(const ActorPtr& actor, bool awake) {
    if (actor->sleeping != awake) return;
    actor->sleeping = !awake;
    const int change = awake ? 1 : -1;
    shared_.active.fetch_add(change, std::memory_order_relaxed);
    shared_.metrics.in_flight(change);
    shared_.metrics.waiting(-change);
    sleepers_ -= static_cast<std::size_t>(change);
}

void Shard::arm(Time when) {
    when = std::min(when, now() + longest_nap);
    if (when >= armed_for_ || stopping_) return;
    armed_for_ = when;
    loop_.after(when - now(), [this, when] {
        if (when == armed_for_) tick();
    });
}

void Shard::tick() {
    armed_for_ = Time::max();
    if (stopping_) return;
    while (const ActorPtr actor = due_.take_due(now())) {
        wake(actor, false);
        advance(actor);
    }
    for (const ActorPtr& actor : gate_.probes(now())) {
        wake(actor, true);
        advance(actor);
    }
    arm(std::min(due_.next().value_or(Time::max()), now() + longest_nap));
}

// We are stopping: nothing new is started, and whoever comes next may take it at once.
void Shard::hand_back(const ActorPtr& actor) {
    if (actor->open_calls > 0) return;
    const txn::Decision decision = txn::decide(actor->transaction, actor->live, now(), policy());
    if (decision.turn) return write_turn(actor, *decision.turn, {});  // It needs no call, and may be the end.
    tell_all(actor, stopping_midway());
    answer_commands(actor, stopping());
    const bool calls = decision.check_back || !decision.calls.empty();
    const Time due = calls ? now() : decision.wake.value_or(now());
    write_progress(actor, due, [this, actor](store::Outcome) { drop(actor); });
}

}  // namespace dtmd::engine
