#include "support/memory_store.h"

#include <algorithm>

namespace dtmd::testing {
namespace {

using store::Change;
using store::Mutation;
using store::Outcome;

Error is_down() { return Error{Errc::unavailable, "the test has switched the store off"}; }

void apply_patch(txn::Transaction& row, const store::Patch& patch) {
    if (patch.status) row.status = *patch.status;
    if (patch.rollback_reason) row.rollback_reason = *patch.rollback_reason;
    if (patch.result) row.result = *patch.result;
    if (patch.custom_data) row.custom_data = *patch.custom_data;
    if (patch.options) row.options = *patch.options;
    if (patch.finish_time) row.finish_time = *patch.finish_time;
    if (patch.rollback_time) row.rollback_time = *patch.rollback_time;
    if (patch.not_before) row.not_before = *patch.not_before;
    if (patch.next_cron_interval) row.next_cron_interval = *patch.next_cron_interval;
    if (patch.retry_count) row.retry_count = *patch.retry_count;
    if (patch.next_cron_time) row.next_cron_time = *patch.next_cron_time;
    row.update_time = patch.update_time;
    for (const store::RowPatch& change : patch.rows) {
        txn::Branch& branch = row.branches.at(change.row);
        branch.status = change.status;
        branch.update_time = change.update_time;
        branch.finish_time = change.finish_time;
        branch.attempts = change.attempts;
        branch.last_error = change.last_error;
        branch.first_call = change.first_call;
        branch.last_call = change.last_call;
    }
}

// What the rules read out of custom_data is not stored, as in a real one.
txn::Transaction as_stored(txn::Transaction row) {
    row.saga_concurrent = false;
    row.orders.clear();
    row.workflow_name.clear();
    row.workflow_data.clear();
    return row;
}

}  // namespace

template <class T>
void MemoryStore::answer(Loop& home, store::Done<T> done, T value) {
    home.after(delay, [done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); });
}

Outcome MemoryStore::perform(const Mutation& mutation) {
    const auto found = rows.find(mutation.gid);
    if (mutation.change == Change::insert) {
        if (found != rows.end()) return Outcome::conflict;
        rows.emplace(mutation.gid, as_stored(mutation.record));
    } else {
        if (found == rows.end()) return Outcome::not_found;
        txn::Transaction& row = found->second;
        if (!mutation.any_status && row.status != mutation.expect) return Outcome::not_found;
        if (mutation.expect_mode && row.mode != *mutation.expect_mode) return Outcome::not_found;
        if (mutation.change == Change::update) {
            apply_patch(row, mutation.patch);
        } else {
            for (const txn::Branch& branch : mutation.branches) {
                const auto same = [&](const txn::Branch& b) {
                    return b.branch_id == branch.branch_id && b.op == branch.op;
                };
                if (std::ranges::any_of(row.branches, same)) return Outcome::conflict;
            }
            row.branches.insert(row.branches.end(), mutation.branches.begin(), mutation.branches.end());
        }
    }
    if (on_write) on_write(mutation);
    return Outcome::ok;
}

void MemoryStore::apply(Loop& home, Mutation mutation, store::Done<Outcome> done) {
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

void MemoryStore::take(Loop& home, const Mutation& mutation, Outcome forced, store::Done<Outcome> done) {
    if (down) forced = Outcome::unavailable;
    bool happens = forced == Outcome::ok;
    if (forced == Outcome::unknown) {
        flip_ = !flip_;
        happens = unknown_happens.value_or(flip_);
    }
    const Outcome outcome = happens ? perform(mutation) : forced;
    answer(home, std::move(done), forced == Outcome::unknown ? forced : outcome);
}

void MemoryStore::load(Loop& home, std::string gid, store::Done<Result<std::optional<txn::Transaction>>> done) {
    using Value = Result<std::optional<txn::Transaction>>;
    if (down) return answer<Value>(home, std::move(done), is_down());
    const auto found = rows.find(gid);
    answer<Value>(home, std::move(done), found == rows.end() ? std::nullopt : std::optional(found->second));
}

void MemoryStore::list(Loop& home, store::Filter, std::string, std::size_t limit,
                       store::Done<Result<store::Page>> done) {
    store::Page page;
    for (const auto& [gid, row] : rows) {
        if (page.transactions.size() < limit) page.transactions.push_back(row);
    }
    answer<Result<store::Page>>(home, std::move(done), std::move(page));
}

void MemoryStore::claim_due(Loop& home, Time due, Time lease_until, std::size_t limit,
                            store::Done<Result<store::Claims>> done) {
    if (down) return answer<Result<store::Claims>>(home, std::move(done), is_down());
    std::vector<txn::Transaction*> overdue;  // The longest overdue first.
    store::Claims claims;
    for (auto& [gid, row] : rows) {
        if (!txn::is_final(row.status)) overdue.push_back(&row);
    }
    std::ranges::sort(overdue, {},
                      [](const txn::Transaction* row) { return std::pair(row->next_cron_time, row->gid); });
    for (txn::Transaction* row : overdue) {
        if (row->next_cron_time > due || claims.transactions.size() == limit) {
            claims.next_due = row->next_cron_time;
            break;
        }
        row->next_cron_time = lease_until;
        claims.transactions.push_back(*row);
    }
    answer<Result<store::Claims>>(home, std::move(done), std::move(claims));
}

void MemoryStore::reset_due(Loop& home, Time later_than, Time now, std::size_t limit,
                            store::Done<Result<std::pair<std::size_t, bool>>> done) {
    std::pair<std::size_t, bool> result{0, false};
    for (auto& [gid, row] : rows) {
        if (txn::is_final(row.status) || row.next_cron_time <= later_than) continue;
        if (result.first == limit) {
            result.second = true;
            break;
        }
        row.next_cron_time = now;
        ++result.first;
    }
    answer<Result<std::pair<std::size_t, bool>>>(home, std::move(done), result);
}

void MemoryStore::expire(Loop& home, Time finished_before, std::size_t, store::Done<Result<std::size_t>> done) {
    const std::size_t expired = std::erase_if(rows, [&](const auto& item) {
        const txn::Transaction& row = item.second;
        return txn::is_final(row.status) && std::max(row.finish_time, row.rollback_time) < finished_before;
    });
    answer<Result<std::size_t>>(home, std::move(done), expired);
}

void MemoryStore::counts(Loop& home, store::Done<Result<store::Counts>> done) {
    answer<Result<store::Counts>>(home, std::move(done),
                                  store::Counts{.unfinished = rows.size(), .oldest_unfinished = {}});
}

void MemoryStore::kv_scan(Loop& home, std::string category, std::string, std::size_t,
                          store::Done<Result<store::KeyValuePage>> done) {
    store::KeyValuePage page;
    for (const auto& [key, item] : items_) {
        if (key.first == category) page.items.push_back(item);
    }
    answer<Result<store::KeyValuePage>>(home, std::move(done), std::move(page));
}

void MemoryStore::kv_find(Loop& home, std::string category, std::string key,
                          store::Done<Result<std::optional<store::KeyValue>>> done) {
    const auto found = items_.find({category, key});
    answer<Result<std::optional<store::KeyValue>>>(home, std::move(done),
                                                   found == items_.end() ? std::nullopt : std::optional(found->second));
}

void MemoryStore::kv_create(Loop& home, store::KeyValue item, store::Done<Result<Outcome>> done) {
    const bool is_new = items_.emplace(std::pair{item.category, item.key}, item).second;
    answer<Result<Outcome>>(home, std::move(done), is_new ? Outcome::ok : Outcome::conflict);
}

void MemoryStore::kv_update(Loop& home, store::KeyValue item, store::Done<Result<Outcome>> done) {
    const auto found = items_.find({item.category, item.key});
    const bool fits = found != items_.end() && found->second.version + 1 == item.version;
    if (fits) found->second = item;
    answer<Result<Outcome>>(home, std::move(done), fits ? Outcome::ok : Outcome::not_found);
}

void MemoryStore::kv_delete(Loop& home, std::string category, std::string key, store::Done<Result<Outcome>> done) {
    const bool was_there = items_.erase({category, key}) > 0;
    answer<Result<Outcome>>(home, std::move(done), was_there ? Outcome::ok : Outcome::not_found);
}

void MemoryStore::ping(Loop& home, store::Done<Result<void>> done) {
    if (down) return answer<Result<void>>(home, std::move(done), is_down());
    answer<Result<void>>(home, std::move(done), {});
}

}  // namespace dtmd::testing
