#include "store/sql/row_memory.h"

#include <algorithm>
#include <utility>

namespace dtmd::store::sql {
namespace {

bool has_rows(const RowIds& ids, const Patch& patch) {
    return std::ranges::all_of(patch.rows, [&](const RowPatch& row) { return row.row < ids.branches.size(); });
}

bool may_change_texts(const Remembered& known, const Mutation& mutation, std::size_t extra_bytes) {
    if (mutation.change == Change::append) return !evidence_of(mutation.branches, 0).rows.empty();
    return !keeps_texts(mutation.patch, known.retry_count, known.ext_data, extra_bytes);
}

bool is_enough(const Remembered& known, const Mutation& update, std::size_t extra_bytes) {
    return known.knows_texts && (!update.expect_mode || *update.expect_mode == known.mode) &&
           has_rows(known.ids, update.patch) && !may_change_texts(known, update, extra_bytes);
}

}  // namespace

Remembered remembered(const txn::Transaction& transaction, std::string ext_data) {
    return {
        .ids = {}, .mode = transaction.mode, .retry_count = transaction.retry_count, .ext_data = std::move(ext_data)};
}

// Forgetting by generations: what stayed unused while `generation_` others came is given up, all at once.
void RowMemory::remember(std::string gid, Remembered what) {
    const std::lock_guard lock(mutex_);
    if (young_.size() >= generation_) old_ = std::exchange(young_, {});
    young_.insert_or_assign(std::move(gid), std::move(what));
}

std::optional<Remembered> RowMemory::find(const std::string& gid) {
    const std::lock_guard lock(mutex_);
    for (const Known* known : {&young_, &old_}) {
        if (const auto found = known->find(gid); found != known->end()) return found->second;
    }
    return std::nullopt;
}

void RowMemory::forget(const std::string& gid) {
    const std::lock_guard lock(mutex_);
    for (Known* known : {&young_, &old_}) {
        if (const auto found = known->find(gid); found != known->end()) known->erase(found);
    }
}

void RowMemory::forget_texts(const std::string& gid) {
    const std::lock_guard lock(mutex_);
    for (Known* known : {&young_, &old_}) {
        if (const auto found = known->find(gid); found != known->end()) found->second.knows_texts = false;
    }
}

bool Recall::knows_rows_of(const Mutation& update) {
    if (update.patch.rows.empty()) return true;
    auto known = memory_.find(update.gid);
    if (!known || !has_rows(known->ids, update.patch)) return false;
    recalled_.emplace(update.gid, std::move(known->ids));
    return true;
}

// The rows of a transaction are those that were inserted with it as long as its own row is.
bool Recall::complete(StoredByGid& stored) const {
    bool is_true = true;
    for (const auto& [gid, ids] : recalled_) {
        const auto found = stored.find(gid);
        if (found == stored.end()) continue;
        if (found->second.id != ids.global) {
            memory_.forget(gid);
            is_true = false;
        }
        for (const std::int64_t id : ids.branches) found->second.rows.push_back({.id = id, .branch_id = {}, .op = {}});
    }
    return is_true;
}

std::optional<StoredByGid> Recall::foretell(std::span<const Mutation> batch, std::size_t extra_bytes) const {
    StoredByGid all;
    for (const Mutation& mutation : batch) {
        if (mutation.change == Change::insert) continue;
        // Only the lease says that nobody else has changed anything.
        const bool is_expected = mutation.change == Change::update && !mutation.any_status && mutation.expect_lease;
        if (!is_expected) return std::nullopt;
        const auto known = memory_.find(mutation.gid);
        if (!known || !is_enough(*known, mutation, extra_bytes)) return std::nullopt;
        Stored& stored = all[mutation.gid];
        stored.id = known->ids.global;
        stored.status = txn::name(mutation.expect);
        stored.mode = txn::name(known->mode);
        stored.lease = second_after(*mutation.expect_lease);
        stored.keeps_texts = true;
        for (const std::int64_t id : known->ids.branches) stored.rows.push_back({.id = id, .branch_id = {}, .op = {}});
    }
    return all;
}

void forget_what_is_over(RowMemory& memory, std::span<const Mutation> batch, std::span<const Outcome> outcomes,
                         std::size_t extra_bytes) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const Mutation& mutation = batch[i];
        if (mutation.change == Change::insert) continue;
        const auto& status = mutation.patch.status;
        if (outcomes[i] != Outcome::ok || (status && txn::is_final(*status))) {
            memory.forget(mutation.gid);
        } else if (const auto known = memory.find(mutation.gid);
                   known && known->knows_texts && may_change_texts(*known, mutation, extra_bytes)) {
            memory.forget_texts(mutation.gid);
        }
    }
}

}  // namespace dtmd::store::sql
