#include "store/rocksdb/database.h"

#include "observe/log.h"
#include "store/rocksdb/keys.h"

#include <charconv>

namespace dtmd::store::rocks {
namespace {

constexpr int format_version = 2;  // 1: all in one column family.

// Opening writes a few small files, and RocksDB may end the process when it can't.
constexpr std::uint64_t opening_needs = 4 << 20;

Error disk_full(const std::string& path) {
    return {Errc::unavailable, "The store in " + path + " can't be opened: its disk is full (" +
                                   mebibytes(free_bytes(path)) + " free, " + mebibytes(opening_needs) +
                                   " needed). Free some space and start again."};
}

Error not_ours(const std::string& path) {
    return {Errc::unavailable,
            "The folder " + path + " holds a RocksDB that is not dtmd's. Choose another folder in Store.Path."};
}

bool is_empty(rocksdb::DB& db) {
    const std::unique_ptr<rocksdb::Iterator> any(db.NewIterator({}));
    any->SeekToFirst();
    return !any->Valid();
}

Error explain(const std::string& path, const rocksdb::Status& status) {
    if (status.IsCorruption()) {
        return {Errc::unavailable, "The store in " + path + " is damaged (" + status.ToString() +
                                       "). Restore the folder from a backup; dtmd changed nothing in it."};
    }
    if (status.IsNoSpace()) return disk_full(path);
    return {Errc::unavailable, "The store in " + path + " can't be opened: " + status.ToString() +
                                   ". Check the folder's files and their owner, and the disk."};
}

Error wrong_format(const std::string& path, const std::string& found) {
    int version = 0;
    const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), version);
    if (error == std::errc() && end == found.data() + found.size() && version > format_version) {
        return {Errc::unavailable, "The store in " + path + " was written by a newer version of dtmd (format " + found +
                                       "; this one knows format " + std::to_string(format_version) +
                                       "). Start that version, or choose another folder in Store.Path."};
    }
    return {Errc::unavailable, "The store in " + path + " is damaged: its format version reads \"" + found +
                                   "\". Restore the folder from a backup."};
}

}  // namespace

Database::Database(std::unique_ptr<FolderLock> folder, const RocksDbOptions& options)
    : now(options.now),
      path_(options.path),
      folder_(std::move(folder)),
      health_(path_, *folder_, options.reserve_mb << 20) {}

Result<std::shared_ptr<Database>> Database::open(const RocksDbOptions& options) {
    auto folder = FolderLock::take(options.path, options.create_if_missing);
    if (!folder) return folder.error();
    std::shared_ptr<Database> database(new Database(std::move(*folder), options));
    if (auto ours = database->check_owner(); !ours) return ours.error();
    if (auto opened = database->open_files(options); !opened) return opened.error();
    if (auto known = database->check_format(); !known) return known.error();
    if (auto known = database->read_clock(); !known) return known.error();
    return database;
}

Database::~Database() {
    if (db_) families_.close(*db_);
}

// Before anything is made in it: a database of somebody else's is left as it is.
Result<void> Database::check_owner() const {
    const auto names = Families::found_in(path_);
    if (!Families::are_ours(names)) return not_ours(path_);
    if (names.size() != 1) return {};
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::OpenForReadOnly({}, path_, &opened);
    if (!status.ok()) return explain(path_, status);
    const std::unique_ptr<rocksdb::DB> db(opened);
    std::string format;
    if (is_empty(*db) || db->Get({}, std::string(format_key), &format).ok()) return {};
    return not_ours(path_);
}

Result<void> Database::open_files(const RocksDbOptions& options) {
    if (free_bytes(path_) < opening_needs) return disk_full(path_);
    auto settings = tuned(options);
    settings.listeners.push_back(health_.listener());
    const auto status = Families::open(settings, path_, db_, families_);
    if (!status.ok()) return explain(path_, status);
    return {};
}

Result<void> Database::check_format() {
    std::string found;
    const auto status = db_->Get({}, std::string(format_key), &found);
    if (status.ok()) {
        if (found == std::to_string(format_version)) return {};
        if (found == "1") return take_over_format_1();
        return wrong_format(path_, found);
    }
    if (!status.IsNotFound()) return explain(path_, status);
    if (!is_empty(*db_)) return not_ours(path_);
    return write_format();
}

Result<void> Database::take_over_format_1() {
    log::info("store.converting", {{"path", path_}, {"from", 1}, {"to", format_version}});
    const auto moved = families_.take_over_format_1(*db_);
    if (!moved.ok()) return explain(path_, moved);
    return write_format();
}

Result<void> Database::write_format() {
    rocksdb::WriteOptions durable;
    durable.sync = true;
    const auto written = db_->Put(durable, std::string(format_key), std::to_string(format_version));
    if (!written.ok()) return explain(path_, written);
    return {};
}

// Stores of earlier versions have none.
Result<void> Database::read_clock() {
    std::string found;
    const auto status = db_->Get({}, std::string(clock_key), &found);
    if (status.IsNotFound()) return {};
    if (!status.ok()) return explain(path_, status);
    Millis::rep ms = 0;
    const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), ms);
    if (error == std::errc() && end == found.data() + found.size()) clock = Time{Millis{ms}};
    return {};
}

Result<void> Database::commit(rocksdb::WriteBatch& batch, bool durable) {
    if (auto ready = health_.check(*db_, batch.GetDataSize()); !ready) return ready;
    rocksdb::WriteOptions how;
    how.sync = durable;
    const auto status = db_->Write(how, &batch);
    if (status.ok()) return {};
    // It may be in the log without having been synced, so it may be there after a restart.
    health_.write_failed(status);
    return Error{Errc::unknown, "Writing to the store in " + path_ + " failed: " + status.ToString() +
                                    ". Check the disk; dtmd goes on by itself once it works again."};
}

Result<void> Database::ping() { return health_.check(*db_, 0, /*look_now=*/true); }

Result<std::int64_t> Database::unfinished_at_open() {
    const std::lock_guard lock(count_mutex_);
    if (unfinished_at_open_) return *unfinished_at_open_;

    std::int64_t change_then = 0;
    std::unique_ptr<rocksdb::Iterator> entries;
    const rocksdb::Slice end("e");
    rocksdb::ReadOptions whole_index;
    whole_index.iterate_upper_bound = &end;
    whole_index.fill_cache = false;
    {
        // Together, so that the iterator shows exactly the changes that were counted.
        const std::lock_guard no_writes(write_mutex);
        change_then = unfinished_change;
        entries.reset(db_->NewIterator(whole_index, families_.of("d")));
    }
    std::int64_t count = 0;
    for (entries->Seek("d"); entries->Valid(); entries->Next()) ++count;
    if (!entries->status().ok()) return explain(path_, entries->status());
    unfinished_at_open_ = count - change_then;
    return *unfinished_at_open_;
}

}  // namespace dtmd::store::rocks
