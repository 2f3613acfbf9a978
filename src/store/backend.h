#pragma once

#include "base/result.h"
#include "base/time.h"
#include "txn/transaction.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

// What a database must offer to keep transactions. One folder beside this file per database.
namespace dtmd::store {

/// How one stored branch row changes.
struct RowPatch {
    std::uint32_t row = 0;                                   ///< Index in creation order.
    txn::BranchStatus status = txn::BranchStatus::prepared;  ///< prepared: a result that is stored stays.
    Time update_time, finish_time;
    std::uint32_t attempts = 0;
    std::string last_error;
    Time first_call, last_call;
};

/// How a stored transaction changes. Fields that are not set stay as they are.
struct Patch {
    std::optional<txn::Status> status;
    std::optional<std::string> rollback_reason, result, custom_data;
    std::optional<txn::Options> options;
    std::optional<Time> finish_time, rollback_time, not_before;
    std::optional<std::int64_t> next_cron_interval, retry_count;
    std::optional<Time> next_cron_time;  ///< Also moves the entry in the due index.
    std::optional<std::string> owner;    ///< With a lease that is taken back: see Mutation::expect_owner.
    /// A shared store may leave the transaction's own as it is where nothing changes but branch rows, which have times
    /// of their own: dtm does so.
    Time update_time;
    std::vector<RowPatch> rows;
};

enum class Change : std::uint8_t {
    insert,  ///< `record` with its branches; the gid must not exist.
    update,  ///< `patch`; the stored status must be `expect` (or anything, with `any_status`).
    append,  ///< `branches` behind the existing rows; the status must be `expect`; (branch_id, op) must be new.
};

/// One conditional change of one transaction. It happens as a whole or not at all.
struct Mutation {
    Change change = Change::update;
    std::string gid;
    txn::Status expect = txn::Status::prepared;
    bool any_status = false;
    std::optional<txn::Mode> expect_mode;  ///< update, append: if set, the stored mode must be this one too.
    /// update: if set, the stored next_cron_time must be this one too, as the store would keep it (rounded alike). It
    /// is moved by every claim, so a node whose lease ran out unnoticed can't write over what its successor did.
    std::optional<Time> expect_lease;
    /// Counts with expect_lease, on stores that keep times in seconds: the stored owner must be this one too. Whoever
    /// takes a lease back before its time (an operator's reset) writes a new one, since the next lease may end in the
    /// same second as the one that was taken back, whose holder may still sleep on it.
    std::string expect_owner;
    txn::Transaction record;
    Patch patch;
    std::vector<txn::Branch> branches;
};

enum class Outcome : std::uint8_t {
    ok,           ///< Durable.
    conflict,     ///< insert: the gid exists. append: one of the rows exists. Nothing was changed.
    not_found,    ///< No such gid, or its status, mode or lease is not the expected one. Nothing was changed.
    unavailable,  ///< The store failed and it certainly did not happen.
    unknown,      ///< The store failed and it may have happened: read again.
};

/// Which transactions a listing shows. Bounds are inclusive; unset ones don't filter.
struct Filter {
    std::optional<txn::Mode> mode;
    std::optional<txn::Status> status;
    std::optional<Time> created_from, created_to;
};

struct Page {
    std::vector<txn::Transaction> transactions;  ///< Without their branches. Newest first.
    std::string next_position;                   ///< Opaque; empty: the end. May be set on a page that is not full.
};

/// A key-value record (topics). protocol.md 1.15.
struct KeyValue {
    std::string category, key, value;
    std::uint64_t version = 1;
    Time create_time, update_time;
};

struct KeyValuePage {
    std::vector<KeyValue> items;
    std::string next_position;
};

/// A claimed transaction, complete with its branches, whose next_cron_time has been moved to the end of the lease.
struct Claims {
    std::vector<txn::Transaction> transactions;
    std::optional<Time> oldest_due;  ///< The earliest next_cron_time among them, as it was before.
    std::optional<Time> next_due;    ///< The earliest next_cron_time that was not claimed, if cheaply known.
};

struct Counts {
    std::uint64_t unfinished = 0;           ///< An estimate is fine.
    std::optional<Time> oldest_unfinished;  ///< create_time of the oldest unfinished one, if cheaply known.
};

/// A database, from one worker thread's point of view.
///
/// Threads: an instance is used by one thread at a time and owns its connection; create one per worker with the
///          backend's factory. Instances of one factory may share what is thread-safe.
/// Errors:  a method that fails as a whole returns `unavailable` (nothing was done, safe to repeat) or `unknown`
///          (it may have been done: read before deciding). It never throws for what a database can do to it.
class Backend {
public:
    virtual ~Backend() = default;

    /// Writes the batch in one durable commit; `outcomes[i]` answers `batch[i]`.
    ///
    /// A conflict or a missing row concerns that one mutation and leaves its neighbours alone. When this returns
    /// without error, everything marked `ok` survives a power cut.
    /// @pre `batch.size() == outcomes.size()`, and no gid appears twice in `batch`.
    virtual Result<void> apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) = 0;

    /// The transaction with its branches in creation order; empty if there is none, which is an answer and no error.
    virtual Result<std::optional<txn::Transaction>> load(const std::string& gid) = 0;

    /// Up to `limit` transactions that match, newest first, from `position` on (empty: from the newest).
    /// Paging is stable: what exists throughout is shown exactly once. A bad position is Errc::invalid.
    virtual Result<Page> list(const Filter& filter, const std::string& position, std::size_t limit) = 0;

    /// Claims up to `limit` unfinished transactions with next_cron_time <= `due`, the longest overdue first, by
    /// moving next_cron_time to `lease_until`. No two callers, on any node, are given the same gid under one lease.
    virtual Result<Claims> claim_due(Time due, Time lease_until, std::size_t limit) = 0;

    /// Moves next_cron_time of up to `limit` unfinished transactions that lie later than `later_than` to `now`.
    /// Returns (how many were moved, whether more remain).
    virtual Result<std::pair<std::size_t, bool>> reset_due(Time later_than, Time now, std::size_t limit) = 0;

    /// Removes up to `limit` transactions that finished before `finished_before`. Returns how many.
    virtual Result<std::size_t> expire(Time finished_before, std::size_t limit) = 0;

    virtual Result<Counts> counts() = 0;

    // Key-value records. Categories and keys hold no NUL.
    virtual Result<KeyValuePage> kv_scan(const std::string& category, const std::string& position,
                                         std::size_t limit) = 0;
    virtual Result<std::optional<KeyValue>> kv_find(const std::string& category, const std::string& key) = 0;
    virtual Result<Outcome> kv_create(const KeyValue& item) = 0;  ///< conflict: it exists.
    virtual Result<Outcome> kv_update(
        const KeyValue& item) = 0;  ///< not_found: the stored version is not item.version - 1.
    virtual Result<Outcome> kv_delete(const std::string& category, const std::string& key) = 0;

    /// The database's own wall clock, for stores that several nodes share. An embedded store has none:
    /// when it was last changed, within a second. Empty: nothing that matters.
    virtual Result<std::optional<Time>> clock() { return std::optional<Time>(); }

    /// Whether the database can keep a promise now. The error says what is wrong and what to do.
    virtual Result<void> ping() = 0;
};

}  // namespace dtmd::store
