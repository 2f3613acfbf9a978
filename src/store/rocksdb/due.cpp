#include "store/rocksdb/backend_impl.h"
#include "store/rocksdb/codec.h"

#include <algorithm>

namespace dtmd::store::rocks {

Result<Claims> RocksBackend::claim_due(Time due, Time lease_until, std::size_t limit) {
    const std::lock_guard lock(database_->write_mutex);
    begin();
    Claims claims;
    Time skipped = Time::max();
    const rocksdb::Slice end("e");
    const auto entry = index('d', end);
    const std::string start = due_key(key_, database_->bounds.due, {});
    for (entry->Seek(start); entry->Valid(); entry->Next()) {
        const auto found = parse_index_key(view(entry->key()));
        if (!found) continue;
        if (found->time > due || claims.transactions.size() >= limit) {
            claims.next_due = found->time;
            break;
        }
        const std::string gid(found->gid);
        const auto known = read_state(gid);
        // One record that can't be read must not keep the others from being claimed: it is left for the next look.
        if (!known) skipped = std::min(skipped, found->time);
        if (!known || !*known) continue;
        move_due(gid, lease_until);
        auto transaction = read_transaction(gid);
        if (!transaction || !*transaction) continue;
        claims.transactions.push_back(**std::move(transaction));
        if (!claims.oldest_due) claims.oldest_due = found->time;
    }
    if (!entry->status().ok())
        return Error{Errc::unavailable,
                     "The store's due index can't be read: " + entry->status().ToString() + ". Check the disk."};
    if (auto written = commit(); !written) return written.error();

    const Time moved_to = writes_.Count() == 0 ? Time::max() : lease_until;
    database_->bounds.due = std::min({claims.next_due.value_or(Time::max()), moved_to, skipped});
    return claims;
}

// Of the transaction in `state_`.
void RocksBackend::move_due(const std::string& gid, Time to) {
    const Place before = place_of(state_);
    state_.set_next_cron_time(to_ms(to));
    put_state(gid);
    move(gid, before, place_of(state_));
}

Result<std::pair<std::size_t, bool>> RocksBackend::reset_due(Time later_than, Time now, std::size_t limit) {
    const std::lock_guard lock(database_->write_mutex);
    begin();
    std::size_t moved = 0;
    bool more = false;
    const rocksdb::Slice end("e");
    const auto entry = index('d', end);
    const std::string start = due_key(key_, std::min(later_than, Time::max() - Millis(1)) + Millis(1), {});
    for (entry->Seek(start); entry->Valid(); entry->Next()) {
        if (moved >= limit) {
            more = true;
            break;
        }
        const auto found = parse_index_key(view(entry->key()));
        if (!found) continue;
        const std::string gid(found->gid);
        const auto known = read_state(gid);
        if (!known || !*known) continue;
        move_due(gid, now);
        ++moved;
    }
    if (!entry->status().ok())
        return Error{Errc::unavailable,
                     "The store's due index can't be read: " + entry->status().ToString() + ". Check the disk."};
    if (auto written = commit(); !written) return written.error();
    return std::pair(moved, more);
}

Result<std::size_t> RocksBackend::expire(Time finished_before, std::size_t limit) {
    const std::lock_guard lock(database_->write_mutex);
    begin();
    std::size_t removed = 0;
    std::optional<Time> next;
    const rocksdb::Slice end("f");
    const auto entry = index('e', end);
    const std::string start = ended_key(key_, database_->bounds.ended, {});
    for (entry->Seek(start); entry->Valid(); entry->Next()) {
        const auto found = parse_index_key(view(entry->key()));
        if (!found) continue;
        if (found->time >= finished_before || removed >= limit) {
            next = found->time;
            break;
        }
        const auto gone = remove_finished(found->gid);
        if (!gone) return gone.error();
        if (!*gone) remove(entry->key());
        ++removed;
    }
    if (!entry->status().ok())
        return Error{Errc::unavailable,
                     "The store's expiry index can't be read: " + entry->status().ToString() + ". Check the disk."};
    // Not synced: what comes back after a crash is removed again.
    if (auto written = commit(/*durable=*/false); !written) return written.error();
    database_->bounds.ended = next.value_or(Time::max());
    return removed;
}

// False if there is no such transaction.
Result<bool> RocksBackend::remove_finished(std::string_view gid) {
    const auto found = read_state(gid);
    if (!found) return found.error();
    if (!*found) return false;
    remove(state_key(key_, gid));
    remove(fixed_key(key_, gid));
    remove(created_key(key_, from_ms(state_.create_time()), gid));
    for (std::uint32_t row = state_.fixed_rows(); row < row_count(state_); ++row) {
        remove(row_key(key_, gid, row));
    }
    move(gid, place_of(state_), std::nullopt);
    return true;
}

}  // namespace dtmd::store::rocks
