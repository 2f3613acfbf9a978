#include "engine/shard.h"

#include "engine/answers.h"
#include "observe/log.h"

#include <algorithm>
#include <utility>

namespace dtmd::engine {

Millis Shared::lease() const { return std::max(Millis{settings.policy.retry_interval * 1000}, Millis{10'000}); }

Shard::Shard(ShardEnvironment environment, Shared& shared)
    : loop_(environment.loop),
      participant_(environment.participant),
      random_(environment.random),
      shared_(shared),
      store_(shared.store),
      gate_(std::max<std::size_t>(1, shared.settings.per_host_concurrency / shared.shards)) {}

ActorPtr Shard::find(const std::string& gid) const {
    const auto found = actors_.find(gid);
    return found == actors_.end() ? nullptr : found->second;
}

ActorPtr Shard::add(std::string gid, Actor::Phase phase) {
    auto actor = std::make_shared<Actor>();
    actor->phase = phase;
    actor->transaction.gid = gid;
    actors_.emplace(std::move(gid), actor);
    shared_.active.fetch_add(1, std::memory_order_relaxed);
    shared_.metrics.in_flight(1);
    return actor;
}

void Shard::drop(const ActorPtr& actor) {
    if (actor->gone) return;
    if (actor->sleeping) set_awake(actor, true);
    due_.clear(*actor);
    actor->gone = true;
    shared_.active.fetch_sub(1, std::memory_order_relaxed);
    shared_.metrics.in_flight(-1);
    actors_.erase(actor->transaction.gid);
    if (stopping_ && actors_.empty() && idle_) std::exchange(idle_, nullptr)();
}

// The one place from which things are set going. Called after every event of an actor; does nothing while the actor
// waits for the store, since whatever comes next may depend on what is being written or read.
void Shard::advance(const ActorPtr& actor) {
    while (!actor->gone && actor->phase == Actor::Phase::ready && !actor->writing && !actor->sleeping) {
        if (std::exchange(actor->outdated, false)) return reload(actor, Millis{0});
        if (!actor->commands.empty()) {
            Command command = std::move(actor->commands.front());
            actor->commands.pop_front();
            run_command(actor, std::move(command));
            continue;
        }
        const bool is_final = txn::is_final(actor->transaction.status);
        // Should it come back to this node, there must not be a second call beside one that is open.
        if (!actor->driving && !is_final && actor->open_calls > 0) return tell_all(actor, wait_result(*actor));
        if (!actor->driving || is_final) return finish(actor);
        if (stopping_) return hand_back(actor);
        const std::uint32_t open_before = actor->open_calls;
        step(actor);
        // Calls that were refused at once (circuit breaker) have changed what there is to decide.
        const bool waits = actor->open_calls > 0 || open_before > 0;
        if (waits) return;
    }
}

void Shard::step(const ActorPtr& actor) {
    const txn::Decision decision = txn::decide(actor->transaction, actor->live, now(), policy());
    if (decision.turn) return write_turn(actor, *decision.turn, {});
    if (actor->results_pending) {
        // A lease that still covers what may come now is left as it is: moving it costs the store an index entry. One
        // that was read back may be another's that looks like ours, and is told apart by moving it.
        const Time until = now() + timeout_of(*actor) + shared_.lease();
        const bool is_certain = store_.is_exclusive() || actor->lease_until == actor->own_lease;
        const bool is_fresh = is_certain && actor->lease_until >= until - shared_.lease() / 2;
        return write_progress(actor, is_fresh ? std::nullopt : std::optional(until));
    }

    const bool calls = decision.check_back || !decision.calls.empty();
    if (!calls && actor->open_calls == 0) return settle(actor, decision.wake);
    if (calls && !lease_covers_a_call(*actor)) {
        return write_progress(actor, now() + timeout_of(*actor) + shared_.lease());
    }
    for (const std::size_t row : decision.calls) start_call(actor, row);
    if (decision.check_back) start_call(actor, check_row);
    if (decision.wake) {
        due_.set(actor, *decision.wake);
        arm(*decision.wake);
    }
}

void Shard::finish(const ActorPtr& actor) {
    tell_all(actor, wait_result(*actor));
    drop(actor);
}

void Shard::tell(Waiter waiter, Answer answer) {
    if (!waiter.reply) return;
    Loop& home = *waiter.home;
    home.post([reply = std::move(waiter.reply), answer = std::move(answer)]() mutable { reply(std::move(answer)); });
}

void Shard::tell_all(const ActorPtr& actor, const Answer& answer) {
    for (Waiter& waiter : std::exchange(actor->waiters, {})) tell(std::move(waiter), answer);
}

// Nothing is open and nothing may be called now: waiting clients are told, and the actor sleeps or is left to the
// store.
void Shard::settle(const ActorPtr& actor, std::optional<Time> wake) {
    const auto is_soon = [](const txn::Attempt& attempt) { return attempt.soon; };
    const bool same_look = std::ranges::any_of(actor->live.branches, is_soon);
    if (!same_look) {
        tell_all(actor, wait_result(*actor));
        actor->trouble.reset();
    }
    const Time until = wake.value_or(now() + policy().max_retry_interval);
    const bool undecided = actor->transaction.status == txn::Status::prepared;
    const bool crowded = sleepers_ >= std::max<std::size_t>(1, shared_.settings.max_resident / shared_.shards);
    if (!same_look && (undecided || crowded)) {
        return write_progress(actor, until, [this, actor, until](store::Outcome outcome) {
            if (outcome != store::Outcome::ok || actor->gone || !actor->commands.empty()) return;
            const txn::Decision again = txn::decide(actor->transaction, actor->live, now(), policy());
            if (again.check_back || again.turn || !again.calls.empty())
                return;  // Somebody has ordered a call meanwhile.
            drop(actor);
            shared_.due_noted(until);
        });
    }
    const bool covered = actor->lease_until >= until + shared_.lease() / 2;
    if (!covered || !actor->dirty_rows.empty()) return write_progress(actor, until + shared_.lease());
    sleep(actor, until);
}

bool Shard::make_ready(txn::Transaction& request, Waiter& waiter) {
    const Time at = now();
    request.create_time = request.update_time = at;
    request.next_cron_interval = txn::base_interval(request, policy());
    std::string complaint = txn::check_options(request);
    if (complaint.empty()) complaint = txn::make_branches(request, topic_lookup());
    if (complaint.empty()) complaint = txn::parse_custom_data(request);
    if (complaint.empty()) return true;
    const bool topic = complaint == "topic not found";
    if (topic && !topics_) {
        tell(std::move(waiter), store_trouble(Error{Errc::unavailable, "The topics could not be read yet."}));
        return false;
    }
    tell(std::move(waiter), topic ? error(std::move(complaint)) : invalid(std::move(complaint)));
    return false;
}

txn::TopicLookup Shard::topic_lookup() const {
    return [topics = topics_](std::string_view topic) -> std::optional<std::vector<std::string>> {
        if (!topics) return std::nullopt;
        const auto found = topics->find(topic);
        if (found == topics->end()) return std::nullopt;
        return found->second;
    };
}

void Shard::start() { arm(now()); }

void Shard::stop(Task idle) {
    stopping_ = true;
    idle_ = std::move(idle);
    if (actors_.empty()) return std::exchange(idle_, nullptr)();
    std::vector<ActorPtr> all;
    for (const auto& [gid, actor] : actors_) all.push_back(actor);
    for (const ActorPtr& actor : all) {
        wake(actor, false);
        advance(actor);
    }
}

void Shard::give_up() {
    for (const auto& [gid, actor] : actors_) {
        tell_all(actor, stopping_midway());
        answer_commands(actor, stopping());
    }
}

void Shard::add_to(Footprint& sum) const {
    sum.actors += actors_.size();
    sum.alarms += due_.alarms();
    gate_.add_to(sum);
}

}  // namespace dtmd::engine
