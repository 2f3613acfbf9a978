#include "support/memory_store.h"

namespace dtmd::testing {

using store::Outcome;

template <class T>
void MemoryStore::answer(Loop& home, store::Done<T> done, T value) {
    home.after(delay, [done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); });
}

template <class T, class Call>
void MemoryStore::run(Loop& home, store::Done<Result<T>> done, Call call) {
    if (down) {
        const Error error{Errc::unavailable, "the test has switched the store off"};
        return answer<Result<T>>(home, std::move(done), error);
    }
    answer<Result<T>>(home, std::move(done), call());
}

void MemoryStore::apply(Loop& home, store::Mutation mutation, store::Done<Outcome> done) {
    ++writes;
    Outcome forced = Outcome::ok;
    if (!next_outcomes.empty()) {
        forced = next_outcomes.front();
        next_outcomes.pop_front();
    }
    if (before.count() == 0) return take(home, mutation, forced, std::move(done));
    home.after(before, [this, &home, forced, mutation = std::move(mutation), done = std::move(done)]() mutable {
        take(home, mutation, forced, std::move(done));
    });
}

void MemoryStore::take(Loop& home, const store::Mutation& mutation, Outcome forced, store::Done<Outcome> done) {
    if (down) forced = Outcome::unavailable;
    bool happens = forced == Outcome::ok;
    if (forced == Outcome::unknown) {
        flip_ = !flip_;
        happens = unknown_happens.value_or(flip_);
    }
    const Outcome outcome = happens ? tables.perform(mutation) : forced;
    answer(home, std::move(done), forced == Outcome::unknown ? forced : outcome);
}

void MemoryStore::load(Loop& home, std::string gid, store::Done<Result<std::optional<txn::Transaction>>> done) {
    run<std::optional<txn::Transaction>>(home, std::move(done), [&] { return tables.load(gid); });
}

void MemoryStore::list(Loop& home, store::Filter filter, std::string position, std::size_t limit,
                       store::Done<Result<store::Page>> done) {
    run<store::Page>(home, std::move(done), [&] { return tables.list(filter, position, limit); });
}

void MemoryStore::claim_due(Loop& home, Time due, Time lease_until, std::size_t limit,
                            store::Done<Result<store::Claims>> done) {
    run<store::Claims>(home, std::move(done), [&] { return tables.claim_due(due, lease_until, limit); });
}

void MemoryStore::reset_due(Loop& home, Time later_than, Time now, std::size_t limit,
                            store::Done<Result<std::pair<std::size_t, bool>>> done) {
    run<std::pair<std::size_t, bool>>(home, std::move(done), [&] { return tables.reset_due(later_than, now, limit); });
}

void MemoryStore::expire(Loop& home, Time finished_before, std::size_t limit, store::Done<Result<std::size_t>> done) {
    run<std::size_t>(home, std::move(done), [&] { return tables.expire(finished_before, limit); });
}

void MemoryStore::counts(Loop& home, store::Done<Result<store::Counts>> done) {
    run<store::Counts>(home, std::move(done), [&] { return tables.counts(); });
}

void MemoryStore::kv_scan(Loop& home, std::string category, std::string position, std::size_t limit,
                          store::Done<Result<store::KeyValuePage>> done) {
    run<store::KeyValuePage>(home, std::move(done), [&] { return tables.kv_scan(category, position, limit); });
}

void MemoryStore::kv_find(Loop& home, std::string category, std::string key,
                          store::Done<Result<std::optional<store::KeyValue>>> done) {
    run<std::optional<store::KeyValue>>(home, std::move(done), [&] { return tables.kv_find(category, key); });
}

void MemoryStore::kv_create(Loop& home, store::KeyValue item, store::Done<Result<Outcome>> done) {
    run<Outcome>(home, std::move(done), [&] { return tables.kv_create(item); });
}

void MemoryStore::kv_update(Loop& home, store::KeyValue item, store::Done<Result<Outcome>> done) {
    run<Outcome>(home, std::move(done), [&] { return tables.kv_update(item); });
}

void MemoryStore::kv_delete(Loop& home, std::string category, std::string key, store::Done<Result<Outcome>> done) {
    run<Outcome>(home, std::move(done), [&] { return tables.kv_delete(category, key); });
}

void MemoryStore::ping(Loop& home, store::Done<Result<void>> done) {
    run<void>(home, std::move(done), [] { return Result<void>(); });
}

}  // namespace dtmd::testing
