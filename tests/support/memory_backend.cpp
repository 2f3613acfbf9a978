#include "support/memory_backend.h"

#include <algorithm>
#include <vector>

namespace dtmd::testing {
namespace {

using store::Change;
using store::Mutation;
using store::Outcome;

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
        if (change.status != txn::BranchStatus::prepared) {
            branch.status = change.status;
            branch.finish_time = change.finish_time;
        }
        branch.update_time = change.update_time;
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

bool shows(const store::Filter& filter, const txn::Transaction& row) {
    if (filter.mode && row.mode != *filter.mode) return false;
    if (filter.status && row.status != *filter.status) return false;
    if (filter.created_from && row.create_time < *filter.created_from) return false;
    return !filter.created_to || row.create_time <= *filter.created_to;
}

}  // namespace

Time MemoryBackend::stored(Time when) const {
    const auto over = when.time_since_epoch() % grain;
    return over.count() == 0 ? when : when - over + grain;
}

Outcome MemoryBackend::perform(const Mutation& mutation) {
    const auto found = rows.find(mutation.gid);
    if (mutation.change == Change::insert && found != rows.end()) return Outcome::conflict;
    if (mutation.change != Change::insert && found == rows.end()) return Outcome::not_found;
    const Outcome outcome = mutation.change == Change::insert ? insert(mutation) : change(mutation, found->second);
    if (outcome == Outcome::ok && on_write) on_write(mutation);
    return outcome;
}

Outcome MemoryBackend::insert(const Mutation& mutation) {
    txn::Transaction& row = rows.emplace(mutation.gid, as_stored(mutation.record)).first->second;
    row.next_cron_time = stored(row.next_cron_time);
    return Outcome::ok;
}

Outcome MemoryBackend::change(const Mutation& mutation, txn::Transaction& row) {
    if (!mutation.any_status && row.status != mutation.expect) return Outcome::not_found;
    if (mutation.expect_mode && row.mode != *mutation.expect_mode) return Outcome::not_found;
    if (mutation.change == Change::update) {
        if (mutation.expect_lease && row.next_cron_time != stored(*mutation.expect_lease)) return Outcome::not_found;
        if (mutation.expect_lease && keeps_owners && row.owner != mutation.expect_owner) return Outcome::not_found;
        apply_patch(row, mutation.patch);
        if (mutation.patch.owner && keeps_owners) row.owner = *mutation.patch.owner;
        row.next_cron_time = stored(row.next_cron_time);
        return Outcome::ok;
    }
    for (const txn::Branch& branch : mutation.branches) {
        const auto same = [&](const txn::Branch& b) { return b.branch_id == branch.branch_id && b.op == branch.op; };
        if (std::ranges::any_of(row.branches, same)) return Outcome::conflict;
    }
    row.branches.insert(row.branches.end(), mutation.branches.begin(), mutation.branches.end());
    return Outcome::ok;
}

Result<void> MemoryBackend::apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    for (std::size_t i = 0; i < batch.size(); ++i) outcomes[i] = perform(batch[i]);
    return {};
}

Result<std::optional<txn::Transaction>> MemoryBackend::load(const std::string& gid) {
    const auto found = rows.find(gid);
    if (found == rows.end()) return std::optional<txn::Transaction>();
    return std::optional(found->second);
}

// By gid, which is no order in time, but a stable one. The position is the last gid that was shown.
Result<store::Page> MemoryBackend::list(const store::Filter& filter, const std::string& position, std::size_t limit) {
    store::Page page;
    for (auto row = rows.upper_bound(position); row != rows.end(); ++row) {
        if (!shows(filter, row->second)) continue;
        if (page.transactions.size() == limit) {
            page.next_position = page.transactions.back().gid;
            break;
        }
        page.transactions.push_back(row->second);
        page.transactions.back().branches.clear();
    }
    return page;
}

Result<store::Claims> MemoryBackend::claim_due(Time due, Time lease_until, std::size_t limit) {
    std::vector<txn::Transaction*> overdue;  // The longest overdue first.
    store::Claims claims;
    for (auto& [gid, row] : rows) {
        if (txn::is_final(row.status)) continue;
        if (row.next_cron_time <= due) {
            overdue.push_back(&row);
        } else {
            claims.next_due = std::min(claims.next_due.value_or(row.next_cron_time), row.next_cron_time);
        }
    }
    std::ranges::sort(overdue, {},
                      [](const txn::Transaction* row) { return std::pair(row->next_cron_time, row->gid); });
    for (txn::Transaction* row : overdue) {
        if (claims.transactions.size() == limit) {
            claims.next_due = row->next_cron_time;
            break;
        }
        if (!claims.oldest_due) claims.oldest_due = row->next_cron_time;
        row->next_cron_time = stored(lease_until);
        claims.transactions.push_back(*row);
        if (on_claim) on_claim(row->gid, row->next_cron_time);
    }
    return claims;
}

Result<std::pair<std::size_t, bool>> MemoryBackend::reset_due(Time later_than, Time now, std::size_t limit) {
    std::pair<std::size_t, bool> result{0, false};
    for (auto& [gid, row] : rows) {
        if (txn::is_final(row.status) || row.next_cron_time <= later_than) continue;
        if (result.first == limit) {
            result.second = true;
            break;
        }
        row.next_cron_time = stored(now);
        if (keeps_owners) row.owner = "reset " + std::to_string(++taken_back_);
        ++result.first;
    }
    return result;
}

Result<std::size_t> MemoryBackend::expire(Time finished_before, std::size_t limit) {
    std::size_t expired = 0;
    for (auto row = rows.begin(); row != rows.end() && expired < limit;) {
        const txn::Transaction& one = row->second;
        const bool over = txn::is_final(one.status) && std::max(one.finish_time, one.rollback_time) < finished_before;
        if (over) ++expired;
        row = over ? rows.erase(row) : std::next(row);
    }
    return expired;
}

Result<store::Counts> MemoryBackend::counts() {
    store::Counts counts;
    for (const auto& [gid, row] : rows) {
        if (txn::is_final(row.status)) continue;
        ++counts.unfinished;
        counts.oldest_unfinished = std::min(counts.oldest_unfinished.value_or(row.create_time), row.create_time);
    }
    return counts;
}

Result<store::KeyValuePage> MemoryBackend::kv_scan(const std::string& category, const std::string& position,
                                                   std::size_t limit) {
    store::KeyValuePage page;
    for (const auto& [key, item] : items_) {
        if (key.first != category || (!position.empty() && key.second <= position)) continue;
        if (page.items.size() == limit) {
            page.next_position = page.items.back().key;
            break;
        }
        page.items.push_back(item);
    }
    return page;
}

Result<std::optional<store::KeyValue>> MemoryBackend::kv_find(const std::string& category, const std::string& key) {
    const auto found = items_.find({category, key});
    if (found == items_.end()) return std::optional<store::KeyValue>();
    return std::optional(found->second);
}

Result<Outcome> MemoryBackend::kv_create(const store::KeyValue& item) {
    return items_.emplace(std::pair{item.category, item.key}, item).second ? Outcome::ok : Outcome::conflict;
}

Result<Outcome> MemoryBackend::kv_update(const store::KeyValue& item) {
    const auto found = items_.find({item.category, item.key});
    if (found == items_.end() || found->second.version + 1 != item.version) return Outcome::not_found;
    found->second = item;
    return Outcome::ok;
}

Result<Outcome> MemoryBackend::kv_delete(const std::string& category, const std::string& key) {
    return items_.erase({category, key}) > 0 ? Outcome::ok : Outcome::not_found;
}

}  // namespace dtmd::testing
