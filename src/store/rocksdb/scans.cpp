#include "store/rocksdb/backend_impl.h"
#include "store/rocksdb/codec.h"

#include <algorithm>

namespace dtmd::store::rocks {
namespace {

// What one call may look at, so that a filter that matches next to nothing doesn't hold a scanner for long.
constexpr std::size_t list_effort = 20'000;
constexpr std::size_t oldest_effort = 10'000;

bool matches(const Filter& filter, const proto::State& state) {
    if (filter.mode && mode_of(state) != *filter.mode) return false;
    return !filter.status || status_of(state) == *filter.status;
}

}  // namespace

Result<Page> RocksBackend::list(const Filter& filter, const std::string& position, std::size_t limit) {
    std::string start = created_key(key_, filter.created_to.value_or(Time::max()), {});
    std::string last;
    if (!position.empty()) {
        auto key = from_position('c', position);
        if (!key || !parse_index_key("c" + *key)) {
            return Error{Errc::invalid, "position: \"" + position +
                                            "\" is none that this server gave out. Start again "
                                            "without it."};
        }
        last = "c" + *std::move(key);
        start = std::max(start, last);
    }

    Page page;
    std::size_t looked_at = 0;
    const rocksdb::Slice end("d");
    const auto entry = index('c', end);
    for (entry->Seek(start); entry->Valid(); entry->Next()) {
        if (view(entry->key()) == last) continue;
        const auto found = parse_index_key(view(entry->key()));
        if (!found) continue;
        if (filter.created_from && found->time < *filter.created_from) return page;
        if (page.transactions.size() >= limit || looked_at >= list_effort) {
            page.next_position = to_position('c', std::string_view(last).substr(1));
            return page;
        }
        ++looked_at;
        last = view(entry->key());

        const std::string gid(found->gid);
        const auto known = read_state(gid);
        if (!known) return known.error();
        if (!*known || !matches(filter, state_)) continue;
        const auto fixed = read(fixed_key(key_, gid), fixed_, gid);
        if (!fixed) return fixed.error();
        // One that can't be read is told by a look at it; here it would only hide the others.
        if (*fixed && why_unreadable(fixed_, state_).empty())
            page.transactions.push_back(decode_head(gid, fixed_, state_));
    }
    if (!entry->status().ok())
        return Error{Errc::unavailable,
                     "The store's listing can't be read: " + entry->status().ToString() + ". Check the disk."};
    return page;
}

Result<Counts> RocksBackend::counts() {
    const auto at_open = database_->unfinished_at_open();
    if (!at_open) return at_open.error();
    const std::lock_guard only_one(database_->oldest_mutex);
    Time from;
    Counts counts;
    {
        const std::lock_guard lock(database_->write_mutex);
        database_->bounds.created_lately = Time::max();
        counts.unfinished =
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, *at_open + database_->unfinished_change));
        from = database_->bounds.created;
    }
    if (counts.unfinished == 0) return counts;

    bool found = false;
    const Time oldest = oldest_unfinished(from, oldest_effort, found);
    if (found) counts.oldest_unfinished = oldest;

    const std::lock_guard lock(database_->write_mutex);
    database_->bounds.created = std::min(oldest, database_->bounds.created_lately);
    return counts;
}

// The create_time of the oldest unfinished transaction, if it is among the next `effort` ones from `from` on; else
// the time from which on it has to be looked for.
Time RocksBackend::oldest_unfinished(Time from, std::size_t effort, bool& found) {
    const rocksdb::Slice end("d");
    const auto entry = index('c', end);
    // The index runs backwards in time, so from the past to the present means from its end to its beginning.
    if (from == Time::min()) {
        entry->SeekToLast();
    } else {
        const std::string before = created_key(key_, from - Millis(1), {});
        entry->SeekForPrev(before);
    }
    Time reached = from;
    for (; entry->Valid() && effort > 0; entry->Prev(), --effort) {
        const auto place = parse_index_key(view(entry->key()));
        if (!place || entry->key()[0] != 'c') break;
        reached = place->time;
        const auto known = read_state(place->gid);
        if (known && *known && !txn::is_final(status_of(state_))) {
            found = true;
            break;
        }
    }
    return reached;
}

}  // namespace dtmd::store::rocks
