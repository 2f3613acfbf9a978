#include "store/rocksdb/rocksdb_backend.h"

#include "store/rocksdb/backend_impl.h"
#include "store/rocksdb/codec.h"

#include <rocksdb/perf_level.h>

namespace dtmd::store {

Result<BackendFactory> open_rocksdb(const RocksDbOptions& options) {
    auto database = rocks::Database::open(options);
    if (!database) return database.error();
    return BackendFactory(
        [database = *std::move(database)] { return std::make_unique<rocks::RocksBackend>(database); });
}

namespace rocks {
namespace {

constexpr std::chrono::seconds clock_grain{1};

Error damaged(std::string_view what, const std::string& why) {
    return {Errc::unavailable, "The store's record of " + std::string(what) + " can't be read: " + why +
                                   ". Check the disk; if the record is damaged, restore the store from a backup."};
}

}  // namespace

RocksBackend::RocksBackend(std::shared_ptr<Database> database) : database_(std::move(database)) {
    // Counting every key comparison of this thread costs a tenth of a commit, and nobody reads the counters.
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
}

Result<bool> RocksBackend::read(const std::string& key, Message& out, std::string_view what,
                                const rocksdb::ReadOptions& how) {
    slice_.Reset();
    const auto status = database_->db().Get(how, database_->families().of(key), key, &slice_);
    if (status.IsNotFound()) return false;
    if (!status.ok()) return damaged(what, status.ToString());
    if (!out.ParseFromArray(slice_.data(), static_cast<int>(slice_.size()))) return damaged(what, "not in our format");
    return true;
}

Result<bool> RocksBackend::read_state(std::string_view gid, const rocksdb::ReadOptions& how) {
    return read(state_key(key_, gid), state_, gid, how);
}

Result<std::optional<txn::Transaction>> RocksBackend::load(const std::string& gid) {
    auto& db = database_->db();
    rocksdb::ManagedSnapshot snapshot(&db);  // So that state and rows are of one moment.
    rocksdb::ReadOptions how;
    how.snapshot = snapshot.snapshot();
    const auto found = read_state(gid, how);
    if (!found) return found.error();
    if (!*found) return std::optional<txn::Transaction>();
    return read_transaction(gid, how);
}

// Completes what read_state found. Takes the text out of `state_`.
Result<std::optional<txn::Transaction>> RocksBackend::read_transaction(const std::string& gid,
                                                                       const rocksdb::ReadOptions& how) {
    const auto found = read(fixed_key(key_, gid), fixed_, gid, how);
    if (!found) return found.error();
    if (!*found) return damaged(gid, "a part of it is missing");
    if (const auto why = why_unreadable(fixed_, state_); !why.empty()) return damaged(gid, std::string(why));

    auto branches = decode_fixed_branches(fixed_);
    if (state_.appended_size() > 0) {
        const auto count = static_cast<std::size_t>(state_.appended_size());
        if (auto complete = read_appended(gid, count, how, branches); !complete) return complete.error();
    }
    decode_rows(state_, branches);
    auto transaction = decode_head(gid, fixed_, state_);
    transaction.branches = std::move(branches);
    return std::optional(std::move(transaction));
}

Result<void> RocksBackend::read_appended(std::string_view gid, std::size_t count, const rocksdb::ReadOptions& how,
                                         std::vector<txn::Branch>& out) {
    const std::string first = row_key(key_, gid, 0);
    std::string end = first;
    end[end.size() - 5] = '\x01';  // Behind the NUL of this gid, before any other gid that begins with it.
    const rocksdb::Slice end_slice(end);
    rocksdb::ReadOptions rows_only = how;
    rows_only.iterate_upper_bound = &end_slice;

    const std::unique_ptr<rocksdb::Iterator> row(
        database_->db().NewIterator(rows_only, database_->families().of(first)));
    std::size_t found = 0;
    out.reserve(out.size() + count);
    for (row->Seek(first); row->Valid() && found < count; row->Next(), ++found) {
        const auto value = row->value();
        if (!branch_.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
            return damaged(gid, "one of its branches is not in our format");
        }
        if (const auto why = why_unreadable(branch_); !why.empty()) return damaged(gid, std::string(why));
        out.push_back(decode_branch(branch_));
    }
    if (!row->status().ok()) return damaged(gid, row->status().ToString());
    if (found < count) return damaged(gid, "one of its branches is missing");
    return {};
}

// A walk over the keys of one kind up to `end`, which must outlive it.
std::unique_ptr<rocksdb::Iterator> RocksBackend::index(char kind, const rocksdb::Slice& end) const {
    rocksdb::ReadOptions how;
    how.iterate_upper_bound = &end;
    return std::unique_ptr<rocksdb::Iterator>(database_->db().NewIterator(how, database_->families().of({&kind, 1})));
}

void RocksBackend::put(const std::string& key, const Message& value) {
    value_.clear();
    value.AppendToString(&value_);
    put(key, rocksdb::Slice(value_));
}

void RocksBackend::begin() {
    writes_.Clear();
    unfinished_change_ = 0;
}

Result<void> RocksBackend::commit(bool durable) {
    if (writes_.Count() == 0) return {};
    // With the changes or not at all: no time in the store may be from later than what it says of the time.
    const Time now = durable && database_->now ? database_->now() : no_time;
    const bool is_news = now >= database_->clock + clock_grain;
    if (is_news) put(std::string(clock_key), rocksdb::Slice(std::to_string(to_ms(now))));
    if (auto written = database_->commit(writes_, durable); !written) return written;
    if (is_news) database_->clock = now;
    database_->unfinished_change += unfinished_change_;
    return {};
}

Result<std::optional<Time>> RocksBackend::clock() {
    const std::lock_guard lock(database_->write_mutex);
    if (database_->clock == no_time) return std::optional<Time>();
    return std::optional(database_->clock);
}

}  // namespace rocks
}  // namespace dtmd::store
