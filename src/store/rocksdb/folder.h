#pragma once

#include "base/result.h"

#include <memory>
#include <string>

// The store's folder, as the operating system sees it. Whatever can go wrong there is told in plain words here, before
// RocksDB sees it.
namespace dtmd::store::rocks {

/// A folder that only this process uses, until this object is destroyed.
class FolderLock {
public:
    /// Creates the folder if it is missing and `create` is set, and locks it with the file `dtmd.lock` in it.
    static Result<std::unique_ptr<FolderLock>> take(const std::string& path, bool create);
    ~FolderLock();

    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

    /// False if the folder was removed or replaced since: what is written then can't be found again.
    bool is_still_there() const;

private:
    FolderLock(std::string path, int file) : path_(std::move(path)), file_(file) {}

    const std::string path_;
    const int file_;
};

/// Free space at `path`, in bytes. 0 if it can't be told because the folder is gone.
std::uint64_t free_bytes(const std::string& path);

/// For people: "3.5 MiB".
std::string mebibytes(std::uint64_t bytes);

}  // namespace dtmd::store::rocks
