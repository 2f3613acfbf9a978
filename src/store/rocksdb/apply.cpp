#include "store/rocksdb/backend_impl.h"
#include "store/rocksdb/codec.h"

#include <algorithm>

namespace dtmd::store::rocks {

Result<void> RocksBackend::apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    const std::lock_guard lock(database_->write_mutex);
    begin();
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto outcome = change(batch[i]);
        if (!outcome) return outcome.error();
        outcomes[i] = *outcome;
    }
    return commit();
}

Result<Outcome> RocksBackend::change(const Mutation& mutation) {
    const auto found = read_state(mutation.gid);
    if (!found) return found.error();
    if (mutation.change == Change::insert) return *found ? Outcome::conflict : insert(mutation);
    if (!*found) return Outcome::not_found;
    if (!mutation.any_status && status_of(state_) != mutation.expect) return Outcome::not_found;
    if (mutation.expect_mode && mode_of(state_) != *mutation.expect_mode) return Outcome::not_found;
    if (mutation.change == Change::append) return append(mutation);
    if (mutation.expect_lease && from_ms(state_.next_cron_time()) != *mutation.expect_lease) return Outcome::not_found;
    return update(mutation);
}

Result<Outcome> RocksBackend::insert(const Mutation& mutation) {
    const auto& record = mutation.record;
    encode_fixed(record, fixed_);
    put(fixed_key(key_, mutation.gid), fixed_);
    encode_state(record, state_);
    put_state(mutation.gid);
    put(created_key(key_, record.create_time, mutation.gid), rocksdb::Slice());
    move(mutation.gid, std::nullopt, place_of(state_));
    return Outcome::ok;
}

Result<Outcome> RocksBackend::update(const Mutation& mutation) {
    const Place before = place_of(state_);
    if (!apply_patch(mutation.patch, state_)) return Outcome::not_found;
    put_state(mutation.gid);
    move(mutation.gid, before, place_of(state_));
    return Outcome::ok;
}

Result<Outcome> RocksBackend::append(const Mutation& mutation) {
    const auto exists = has_row_of(mutation);
    if (!exists) return exists.error();
    if (*exists) return Outcome::conflict;

    std::uint32_t row = row_count(state_);
    for (const auto& branch : mutation.branches) {
        state_.add_appended(row_hash(branch.branch_id, branch.op));
        encode_branch(branch, branch_);
        put(row_key(key_, mutation.gid, row++), branch_);
    }
    put_state(mutation.gid);
    return Outcome::ok;
}

// Whether one of the new rows is there already, or comes twice in this mutation. Rows are read only if the hashes say
// that there may be one.
Result<bool> RocksBackend::has_row_of(const Mutation& mutation) {
    const auto& rows = mutation.branches;
    const auto is_given = [&](const txn::Branch& branch) {
        return std::ranges::any_of(
            rows, [&](const txn::Branch& row) { return row.branch_id == branch.branch_id && row.op == branch.op; });
    };
    for (auto row = rows.begin(); row != rows.end(); ++row) {
        const auto same = [&](const txn::Branch& earlier) {
            return earlier.branch_id == row->branch_id && earlier.op == row->op;
        };
        if (std::any_of(rows.begin(), row, same)) return true;
    }

    std::vector<txn::Branch> stored;
    if (state_.fixed_rows() > 0) {
        const auto found = read(fixed_key(key_, mutation.gid), fixed_, mutation.gid);
        if (!found) return found.error();
        stored = decode_fixed_branches(fixed_);
    }
    const auto& hashes = state_.appended();
    const bool may_be_there = std::ranges::any_of(rows, [&](const txn::Branch& row) {
        return std::find(hashes.begin(), hashes.end(), row_hash(row.branch_id, row.op)) != hashes.end();
    });
    if (may_be_there) {
        const auto count = static_cast<std::size_t>(hashes.size());
        if (auto complete = read_appended(mutation.gid, count, {}, stored); !complete) return complete.error();
    }
    return std::ranges::any_of(stored, is_given);
}

// Index entries follow from the state alone, so each is removed exactly where its state says it is. Bounds may be too
// low, when a commit fails; that costs a little time and nothing else.
void RocksBackend::move(std::string_view gid, std::optional<Place> from, std::optional<Place> to) {
    if (from == to) return;
    if (from) remove(from->finished ? ended_key(key_, from->at, gid) : due_key(key_, from->at, gid));
    auto& bounds = database_->bounds;
    if (to) {
        put(to->finished ? ended_key(key_, to->at, gid) : due_key(key_, to->at, gid), rocksdb::Slice());
        Time& bound = to->finished ? bounds.ended : bounds.due;
        bound = std::min(bound, to->at);
    }

    const bool was_unfinished = from && !from->finished, is_unfinished = to && !to->finished;
    unfinished_change_ += int{is_unfinished} - int{was_unfinished};
    if (is_unfinished && !was_unfinished) {
        const Time created = from_ms(state_.create_time());
        bounds.created = std::min(bounds.created, created);
        bounds.created_lately = std::min(bounds.created_lately, created);
    }
}

}  // namespace dtmd::store::rocks
