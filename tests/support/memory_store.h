#pragma once

#include "store/store.h"
#include "support/memory_backend.h"

#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace dtmd::testing {

/// A Store in memory, for the engine's tests: correct, instantly durable, and as faulty as a test wants it.
class MemoryStore final : public store::Store {
public:
    MemoryBackend tables;
    Rows& rows = tables.rows;
    /// Called for each write that takes effect, before its answer.
    std::function<void(const store::Mutation&)>& on_write = tables.on_write;

    /// What the next writes end with, one each; an `unknown` one alternates between done and not done. Empty: ok.
    std::deque<store::Outcome> next_outcomes;
    bool exclusive = true;
    bool down = false;
    Millis before{0};  ///< From the call to its effect. What has had no effect at a crash never happened.
    Millis delay{0};   ///< From the effect to its answer.
    std::optional<bool> unknown_happens;  ///< Instead of alternating.
    std::size_t writes = 0;               ///< Writes asked for so far.

    void apply(Loop& home, store::Mutation mutation, store::Done<store::Outcome> done) override;
    void load(Loop& home, std::string gid, store::Done<Result<std::optional<txn::Transaction>>> done) override;
    void list(Loop& home, store::Filter filter, std::string position, std::size_t limit,
              store::Done<Result<store::Page>> done) override;
    void claim_due(Loop& home, Time due, Time lease_until, std::size_t limit,
                   store::Done<Result<store::Claims>> done) override;
    void reset_due(Loop& home, Time later_than, Time now, std::size_t limit,
                   store::Done<Result<std::pair<std::size_t, bool>>> done) override;
    void expire(Loop& home, Time finished_before, std::size_t limit, store::Done<Result<std::size_t>> done) override;
    void counts(Loop& home, store::Done<Result<store::Counts>> done) override;
    void kv_scan(Loop& home, std::string category, std::string position, std::size_t limit,
                 store::Done<Result<store::KeyValuePage>> done) override;
    void kv_find(Loop& home, std::string category, std::string key,
                 store::Done<Result<std::optional<store::KeyValue>>> done) override;
    void kv_create(Loop& home, store::KeyValue item, store::Done<Result<store::Outcome>> done) override;
    void kv_update(Loop& home, store::KeyValue item, store::Done<Result<store::Outcome>> done) override;
    void kv_delete(Loop& home, std::string category, std::string key,
                   store::Done<Result<store::Outcome>> done) override;
    void ping(Loop& home, store::Done<Result<void>> done) override;
    bool is_exclusive() const override { return exclusive; }

private:
    void take(Loop& home, const store::Mutation& mutation, store::Outcome forced, store::Done<store::Outcome> done);
    template <class T>
    void answer(Loop& home, store::Done<T> done, T value);
    template <class T, class Call>
    void run(Loop& home, store::Done<Result<T>> done, Call call);

    bool flip_ = false;
};

}  // namespace dtmd::testing
