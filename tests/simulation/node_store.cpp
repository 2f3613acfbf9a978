#include "node_store.h"

#include <algorithm>
#include <set>

namespace dtmd::simulation {

using store::Outcome;

NodeStore::NodeStore(Context& context, Durable& durable, Owner owner, const NodeClock& clock, double trouble)
    : context_(context), durable_(durable), owner_(owner), clock_(clock), trouble_(trouble) {}

void NodeStore::apply(Loop& home, store::Mutation mutation, store::Done<Outcome> done) {
    waiting_.push_back({std::move(mutation), &home, std::move(done)});
    pump();
}

// Not at once: whoever called has not returned yet, and its neighbours may have something for the same batch.
void NodeStore::pump() {
    if (busy_ || (waiting_.empty() && jobs_.empty())) return;
    busy_ = true;
    context_.queue.after(Millis{0}, owner_, [this] {
        if (!jobs_.empty() && (waiting_.empty() || context_.dice.chance(0.5))) {
            Task job = std::move(jobs_.front());
            jobs_.pop_front();
            return job();
        }
        under_way_ = next_batch();
        const Fate fate = draw_fate();
        context_.queue.after(durable_.latency(), at_store(), [this, batch = under_way_, fate] { arrive(batch, fate); });
    });
}

std::shared_ptr<NodeStore::Batch> NodeStore::next_batch() {
    constexpr std::size_t largest = 16;
    auto batch = std::make_shared<Batch>();
    std::set<std::string> gids;
    while (!waiting_.empty() && batch->mutations.size() < largest) {
        if (!gids.insert(waiting_.front().mutation.gid).second) break;  // In order, and never twice in one batch.
        batch->mutations.push_back(std::move(waiting_.front().mutation));
        batch->callers.emplace_back(waiting_.front().home, std::move(waiting_.front().done));
        waiting_.pop_front();
    }
    batch->outcomes.assign(batch->mutations.size(), Outcome::unavailable);
    return batch;
}

NodeStore::Fate NodeStore::draw_fate() {
    if (durable_.is_down()) return Fate::unavailable;
    if (!context_.trouble(trouble_)) return Fate::fine;
    switch (context_.dice.between(0, 4)) {
        case 0: return Fate::unknown_done;
        case 1: return Fate::unknown_lost;
        case 2: return durable_.profile().late_effect.count() > 0 ? Fate::unknown_late : Fate::unknown_done;
        case 3: return durable_.profile().torn_batches ? Fate::torn : Fate::unavailable;
        default: return Fate::unavailable;
    }
}

void NodeStore::take_effect(Batch& batch, std::size_t count) {
    if (batch.effective) return;
    batch.effective = true;
    fresh_after_ = context_.queue.now();
    for (std::size_t i = 0; i < count; ++i) {
        batch.outcomes[i] = durable_.perform(owner_, batch.mutations[i], now());
    }
}

// The node may be dead by now, and its facade gone; but what has reached a shared store is done all the same.
void NodeStore::arrive(const std::shared_ptr<Batch>& batch, Fate fate) {
    const std::size_t size = batch->mutations.size();
    switch (fate) {
        case Fate::fine: take_effect(*batch, size); break;
        case Fate::unavailable: ++context_.tally.writes_unavailable; break;
        case Fate::unknown_done: take_effect(*batch, size); break;
        case Fate::unknown_lost: break;
        case Fate::unknown_late:
            context_.queue.after(Millis{context_.dice.between(1, durable_.profile().late_effect.count())}, at_store(),
                                 [this, batch, size] { take_effect(*batch, size); });
            break;
        case Fate::torn: take_effect(*batch, context_.dice.index(size + 1)); break;
    }
    if (fate != Fate::fine) {
        for (const store::Mutation& mutation : batch->mutations) durable_.witness->on_failed_write(mutation.gid);
    }
    if (fate != Fate::fine && fate != Fate::unavailable) {
        ++context_.tally.writes_unknown;
        std::ranges::fill(batch->outcomes, Outcome::unknown);
        for (const store::Mutation& mutation : batch->mutations) {
            const std::optional<Time> lease = mutation.patch.next_cron_time;
            if (lease) durable_.witness->on_unknown(owner_, mutation.gid, *lease);
        }
        context_.note("store batch of ", owner_, " breaks off");
    }
    context_.queue.after(durable_.latency(), owner_, [this, batch, outcomes = batch->outcomes]() mutable {
        batch->outcomes = std::move(outcomes);
        answer_batch(batch);
    });
}

void NodeStore::answer_batch(const std::shared_ptr<Batch>& batch) {
    busy_ = false;
    under_way_ = nullptr;
    for (std::size_t i = 0; i < batch->callers.size(); ++i) {
        const store::Mutation& mutation = batch->mutations[i];
        const Outcome outcome = batch->outcomes[i];
        if (outcome == Outcome::ok && durable_.witness) {
            const txn::Status known = mutation.change == store::Change::insert
                                          ? mutation.record.status
                                          : mutation.patch.status.value_or(mutation.expect);
            if (!mutation.any_status) durable_.witness->learned(owner_, mutation.gid, known);
        }
        batch->callers[i].first->post(
            [done = std::move(batch->callers[i].second), outcome]() mutable { done(outcome); });
    }
    pump();
}

template <class T, class Call>
void NodeStore::request(Loop& home, store::Done<Result<T>> done, bool by_writer, Call call) {
    if (!by_writer) return send<T>(home, std::move(done), by_writer, std::move(call));
    jobs_.push_back([this, &home, done = std::move(done), call = std::move(call)]() mutable {
        send<T>(home, std::move(done), true, std::move(call));
    });
    pump();
}

template <class T, class Call>
void NodeStore::send(Loop& home, store::Done<Result<T>> done, bool by_writer, Call call) {
    auto arrived = [this, &home, by_writer, done = std::move(done), call = std::move(call)]() mutable {
        Result<T> result = Error{Errc::unavailable, "the simulated store is not available"};
        if (durable_.is_down() || context_.trouble(trouble_)) {
            ++context_.tally.reads_failed;
        } else {
            result = call();
        }
        context_.queue.after(
            durable_.latency(), owner_,
            [this, by_writer, &home, done = std::move(done), result = std::move(result)]() mutable {
                if (by_writer) busy_ = false;
                home.post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
                pump();
            });
    };
    context_.queue.after(durable_.latency(), at_store(), std::move(arrived));
}

void NodeStore::load(Loop& home, std::string gid, store::Done<Result<std::optional<txn::Transaction>>> done) {
    auto told = [this, gid, done = std::move(done)](Result<std::optional<txn::Transaction>> result) mutable {
        if (result && *result) durable_.witness->learned(owner_, gid, (*result)->status);
        done(std::move(result));
    };
    request<std::optional<txn::Transaction>>(
        home, std::move(told), false,
        [this, gid]() -> Result<std::optional<txn::Transaction>> { return durable_.read(gid, fresh_after_); });
}

void NodeStore::list(Loop& home, store::Filter filter, std::string position, std::size_t limit,
                     store::Done<Result<store::Page>> done) {
    request<store::Page>(home, std::move(done), false,
                         [this, filter, position, limit] { return durable_.tables.list(filter, position, limit); });
}

void NodeStore::claim_due(Loop& home, Time due, Time lease_until, std::size_t limit,
                          store::Done<Result<store::Claims>> done) {
    request<store::Claims>(home, std::move(done), true, [=, this] {
        fresh_after_ = context_.queue.now();
        return durable_.claim(owner_, due, lease_until, limit);
    });
}

void NodeStore::reset_due(Loop& home, Time later_than, Time now, std::size_t limit,
                          store::Done<Result<std::pair<std::size_t, bool>>> done) {
    request<std::pair<std::size_t, bool>>(home, std::move(done), true,
                                          [=, this] { return durable_.tables.reset_due(later_than, now, limit); });
}

void NodeStore::expire(Loop& home, Time finished_before, std::size_t limit, store::Done<Result<std::size_t>> done) {
    request<std::size_t>(home, std::move(done), true,
                         [=, this] { return durable_.tables.expire(finished_before, limit); });
}

void NodeStore::counts(Loop& home, store::Done<Result<store::Counts>> done) {
    request<store::Counts>(home, std::move(done), false, [this] { return durable_.tables.counts(); });
}

void NodeStore::kv_scan(Loop& home, std::string category, std::string position, std::size_t limit,
                        store::Done<Result<store::KeyValuePage>> done) {
    request<store::KeyValuePage>(home, std::move(done), false, [this, category, position, limit] {
        return durable_.tables.kv_scan(category, position, limit);
    });
}

void NodeStore::kv_find(Loop& home, std::string category, std::string key,
                        store::Done<Result<std::optional<store::KeyValue>>> done) {
    request<std::optional<store::KeyValue>>(home, std::move(done), false,
                                            [this, category, key] { return durable_.tables.kv_find(category, key); });
}

void NodeStore::kv_create(Loop& home, store::KeyValue item, store::Done<Result<Outcome>> done) {
    request<Outcome>(home, std::move(done), true, [this, item] { return durable_.tables.kv_create(item); });
}

void NodeStore::kv_update(Loop& home, store::KeyValue item, store::Done<Result<Outcome>> done) {
    request<Outcome>(home, std::move(done), true, [this, item] { return durable_.tables.kv_update(item); });
}

void NodeStore::kv_delete(Loop& home, std::string category, std::string key, store::Done<Result<Outcome>> done) {
    request<Outcome>(home, std::move(done), true,
                     [this, category, key] { return durable_.tables.kv_delete(category, key); });
}

void NodeStore::ping(Loop& home, store::Done<Result<void>> done) {
    request<void>(home, std::move(done), false, [] { return Result<void>(); });
}

void NodeStore::bury() {
    waiting_.clear();
    jobs_.clear();
    under_way_ = nullptr;
}

void NodeStore::crash() {
    if (is_exclusive() && under_way_ && context_.dice.chance(0.5)) {
        take_effect(*under_way_, under_way_->mutations.size());
    }
}

}  // namespace dtmd::simulation
