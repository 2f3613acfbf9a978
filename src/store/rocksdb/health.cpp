#include "store/rocksdb/health.h"

namespace dtmd::store::rocks {
namespace {

using namespace std::chrono_literals;

constexpr auto look_interval = 20ms;     // A look costs a microsecond or two; a disk fills no faster than that.
constexpr auto resume_interval = 200ms;  // Resuming flushes, so it is expensive while it can't succeed.
constexpr std::size_t large_write = 1 << 20;

}  // namespace

// What RocksDB says about its own background work. Called on RocksDB's threads.
class Health::Failure final : public rocksdb::EventListener {
public:
    void set(std::string reason) {
        const std::lock_guard lock(mutex_);
        reason_ = std::move(reason);
        set_.store(true, std::memory_order_release);
    }

    void clear() {
        const std::lock_guard lock(mutex_);
        set_.store(false, std::memory_order_release);
    }

    bool is_set() const { return set_.load(std::memory_order_acquire); }

    std::string reason() {
        const std::lock_guard lock(mutex_);
        return reason_;
    }

    void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override { set(error->ToString()); }

    void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override {
        if (info.new_bg_error.ok()) clear();
    }

private:
    std::mutex mutex_;
    std::string reason_;
    std::atomic<bool> set_{false};
};

Health::Health(std::string path, const FolderLock& folder, std::uint64_t reserve_bytes)
    : path_(std::move(path)), folder_(folder), reserve_bytes_(reserve_bytes), failure_(std::make_shared<Failure>()) {}

std::shared_ptr<rocksdb::EventListener> Health::listener() const { return failure_; }

Result<void> Health::check(rocksdb::DB& db, std::size_t bytes, bool look_now) {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (look_now || now >= next_look_ || bytes >= large_write) {
        next_look_ = now + look_interval;
        const auto enough = look_at_disk(bytes);
        disk_trouble_ = enough ? std::string() : enough.error().what;
    }
    if (!disk_trouble_.empty()) return Error{Errc::unavailable, disk_trouble_};
    if (!failure_->is_set()) return {};
    return resume(db, look_now);
}

void Health::write_failed(const rocksdb::Status& status) { failure_->set(status.ToString()); }

Result<void> Health::resume(rocksdb::DB& db, bool look_now) {
    const auto now = Clock::now();
    if (look_now || now >= next_resume_) {
        const auto status = db.Resume();
        if (status.ok()) {
            failure_->clear();
            return {};
        }
        next_resume_ = Clock::now() + resume_interval;
    }
    return Error{Errc::unavailable, "The store in " + path_ + " can't be written: " + failure_->reason() +
                                        ". dtmd goes on by itself once the disk works again; if it does, and this "
                                        "message stays, restart dtmd."};
}

Result<void> Health::look_at_disk(std::size_t bytes) {
    if (!folder_.is_still_there()) {
        return Error{Errc::unavailable, "The store's folder " + path_ +
                                            " was removed or replaced while dtmd was "
                                            "using it. Put it back, or stop dtmd: what it writes now would be lost."};
    }
    const std::uint64_t free = free_bytes(path_);
    if (free >= reserve_bytes_ + bytes) return {};
    return Error{Errc::unavailable, "The store's disk is full: " + mebibytes(free) + " free at " + path_ + ", and " +
                                        mebibytes(reserve_bytes_) +
                                        " are kept in reserve. Free some space; dtmd then "
                                        "goes on by itself."};
}

}  // namespace dtmd::store::rocks
