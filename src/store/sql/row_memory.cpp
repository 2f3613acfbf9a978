#include "store/sql/row_memory.h"

#include <algorithm>
#include <utility>

namespace dtmd::store::sql {
namespace {

bool has_rows(const RowIds& ids, const Patch& patch) {
    return std::ranges::all_of(patch.rows, [&](const RowPatch& row) { return row.row < ids.branches.size(); });
}

// Of rows that are to be appended the unique index makes sure; but evidence of them is kept by their place, and how
// many there are is not known.
bool is_enough(const Remembered& known, const Mutation& mutation) {
    if (mutation.any_status || (mutation.expect_mode && txn::name(*mutation.expect_mode) != known.mode)) return false;
    if (!has_expected_lease(mutation, known.lease, known.owner)) return false;
    if (mutation.change == Change::append) return evidence_of(mutation.branches, 0).rows.empty();
    return has_rows(known.ids, mutation.patch);
}

void add_rows(Stored& stored, const RowIds& ids) {
    stored.rows.reserve(ids.branches.size());
    for (const std::int64_t id : ids.branches) stored.rows.push_back({.id = id, .branch_id = {}, .op = {}});
}

Stored foretold(Remembered&& known, txn::Status status) {
    Stored stored{.id = known.ids.global,
                  .status = std::string(txn::name(status)),
                  .mode = std::move(known.mode),
                  .owner = std::move(known.owner),
                  .options = std::move(known.options),
                  .ext_data = std::move(known.ext_data),
                  .lease = known.lease,
                  .new_lease = {},
                  .rows = {},
                  .is_remembered = true};
    add_rows(stored, known.ids);
    return stored;
}

Remembered remembered(const Stored& stored) {
    Remembered known{.ids = {.global = stored.id, .branches = {}},
                     .mode = stored.mode,
                     .owner = stored.owner,
                     .options = stored.options,
                     .ext_data = stored.ext_data,
                     .lease = stored.new_lease.value_or(stored.lease)};
    for (const StoredRow& row : stored.rows) known.ids.branches.push_back(row.id);
    return known;
}

}  // namespace

Remembered remembered(GlobalRow&& row) {
    return {.ids = {},
            .mode = std::move(row.trans_type),
            .owner = std::move(row.owner),
            .options = std::move(row.options),
            .ext_data = std::move(row.ext_data),
            .lease = row.next_cron_time};
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

// Rows are only ever appended. Where others stand among those that are known, somebody left them behind under this gid,
// and whoever inserted the transaction does not count them.
void RowMemory::learn_rows(const std::string& gid, const RowIds& ids) {
    const std::lock_guard lock(mutex_);
    for (Known* known : {&young_, &old_}) {
        const auto found = known->find(gid);
        if (found == known->end() || found->second.ids.global != ids.global) continue;
        auto& branches = found->second.ids.branches;
        const bool has_grown =
            branches.size() < ids.branches.size() && std::equal(branches.begin(), branches.end(), ids.branches.begin());
        if (has_grown) branches = ids.branches;
    }
}

bool Recall::knows_rows_of(const Mutation& update) {
    auto known = memory_.find(update.gid);
    if (!known || !has_rows(known->ids, update.patch)) return update.patch.rows.empty();
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
        add_rows(found->second, ids);
    }
    return is_true;
}

std::optional<StoredByGid> Recall::foretell(std::span<const Mutation> batch) const {
    StoredByGid all;
    for (const Mutation& mutation : batch) {
        if (mutation.change == Change::insert) continue;
        auto known = memory_.find(mutation.gid);
        if (!known || !is_enough(*known, mutation)) return std::nullopt;
        all.emplace(mutation.gid, foretold(*std::move(known), mutation.expect));
    }
    return all;
}

void Recall::settle(std::span<const Mutation> batch, std::span<const Outcome> outcomes,
                    const StoredByGid& stored) const {
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const Mutation& mutation = batch[i];
        if (mutation.change == Change::insert) continue;
        const auto& status = mutation.patch.status;
        const auto found = stored.find(mutation.gid);
        if (outcomes[i] != Outcome::ok || found == stored.end() || (status && txn::is_final(*status))) {
            memory_.forget(mutation.gid);
        } else if (!found->second.is_remembered) {
            memory_.remember(mutation.gid, remembered(found->second));
        }
    }
}

void Recall::forget(std::span<const Mutation> batch) const {
    for (const Mutation& mutation : batch) memory_.forget(mutation.gid);
}

}  // namespace dtmd::store::sql
