#include "app/reset_store.h"

#include "store/rocksdb/folder.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <filesystem>

namespace dtmd::app {

Result<void> reset_store(const std::string& path) {
    const std::filesystem::path folder(path);
    std::error_code ignored;
    if (!std::filesystem::exists(folder / "CURRENT", ignored)) return {};
    if (!std::filesystem::exists(folder / "dtmd.lock", ignored)) {
        return Error{Errc::unavailable, "-r: " + path + " holds a RocksDB that is not dtmd's; nothing was removed. " +
                                            "Correct Store.Path"};
    }
    const auto lock = store::rocks::FolderLock::take(path, /*create=*/false);
    if (!lock) return lock.error();
    const auto status = rocksdb::DestroyDB(path, rocksdb::Options());
    if (!status.ok()) {
        return Error{Errc::unavailable, "-r: the store in " + path + " can't be removed: " + status.ToString()};
    }
    return {};
}

}  // namespace dtmd::app
