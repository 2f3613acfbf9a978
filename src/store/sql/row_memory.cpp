#include "store/sql/row_memory.h"

#include <algorithm>
#include <utility>

namespace dtmd::store::sql {

// Forgetting by generations: what stayed unused while `generation_` others came is given up, all at once.
void RowMemory::remember(std::string gid, RowIds ids) {
    const std::lock_guard lock(mutex_);
    if (young_.size() >= generation_) old_ = std::exchange(young_, {});
    young_.insert_or_assign(std::move(gid), std::move(ids));
}

std::optional<RowIds> RowMemory::find(const std::string& gid) {
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

bool Recall::knows_rows_of(const Mutation& update) {
    if (update.patch.rows.empty()) return true;
    std::uint32_t rows = 0;
    for (const RowPatch& patch : update.patch.rows) rows = std::max(rows, patch.row + 1);
    auto ids = memory_.find(update.gid);
    if (!ids || ids->branches.size() < rows) return false;
    recalled_.emplace(update.gid, *std::move(ids));
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

void forget_what_is_over(RowMemory& memory, std::span<const Mutation> batch, std::span<const Outcome> outcomes) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto& status = batch[i].patch.status;
        const bool is_over = outcomes[i] != Outcome::ok || (status && txn::is_final(*status));
        if (is_over && batch[i].change != Change::insert) memory.forget(batch[i].gid);
    }
}

}  // namespace dtmd::store::sql
