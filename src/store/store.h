#pragma once

#include "base/loop.h"
#include "store/backend.h"

#include <functional>
#include <memory>

// The store as the engine sees it: asynchronous, never blocking, answering on the caller's own loop.
namespace dtmd::store {

template <class T>
using Done = absl::AnyInvocable<void(T)>;

/// Every method may be called from any loop; `done` runs exactly once, on `home`, never inside the call itself.
class Store {
public:
    virtual ~Store() = default;

    /// Makes one change, together with whatever else is waiting (group commit). Changes of one gid are made in the
    /// order in which they were given. `ok` means durable.
    virtual void apply(Loop& home, Mutation mutation, Done<Outcome> done) = 0;

    virtual void load(Loop& home, std::string gid, Done<Result<std::optional<txn::Transaction>>> done) = 0;
    virtual void list(Loop& home, Filter filter, std::string position, std::size_t limit, Done<Result<Page>> done) = 0;
    virtual void claim_due(Loop& home, Time due, Time lease_until, std::size_t limit, Done<Result<Claims>> done) = 0;
    virtual void reset_due(Loop& home, Time later_than, Time now, std::size_t limit,
                           Done<Result<std::pair<std::size_t, bool>>> done) = 0;
    virtual void expire(Loop& home, Time finished_before, std::size_t limit, Done<Result<std::size_t>> done) = 0;
    virtual void counts(Loop& home, Done<Result<Counts>> done) = 0;

    virtual void kv_scan(Loop& home, std::string category, std::string position, std::size_t limit,
                         Done<Result<KeyValuePage>> done) = 0;
    virtual void kv_find(Loop& home, std::string category, std::string key,
                         Done<Result<std::optional<KeyValue>>> done) = 0;
    virtual void kv_create(Loop& home, KeyValue item, Done<Result<Outcome>> done) = 0;
    virtual void kv_update(Loop& home, KeyValue item, Done<Result<Outcome>> done) = 0;
    virtual void kv_delete(Loop& home, std::string category, std::string key, Done<Result<Outcome>> done) = 0;

    virtual void ping(Loop& home, Done<Result<void>> done) = 0;

    /// The store's own wall clock, if several nodes share it: see Backend::clock.
    virtual void clock(Loop& home, Done<Result<std::optional<Time>>> done) {
        home.post([done = std::move(done)]() mutable { done(std::optional<Time>()); });
    }

    /// No other process can use this store while we have it, so at start no lease of someone else has to be waited for.
    virtual bool is_exclusive() const = 0;
};

}  // namespace dtmd::store
