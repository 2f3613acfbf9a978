#include "store/rocksdb/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace dtmd::store::rocks {
namespace {

namespace fs = std::filesystem;

Error failure(const std::string& path, std::string cause_and_remedy) {
    return {Errc::unavailable, "The store's folder " + path + " " + std::move(cause_and_remedy)};
}

Error explain(const std::string& path, const std::string& act, int code) {
    switch (code) {
        case EACCES:
        case EPERM:
            return failure(path, act + ": permission denied. Give user id " + std::to_string(::geteuid()) +
                                     " the right to read and write it, or choose another folder in Store.Path.");
        case EROFS:
            return failure(path, act +
                                     ": the file system is read-only. Remount it writable, or choose another "
                                     "folder in Store.Path.");
        case ENOSPC:
        case EDQUOT: return failure(path, act + ": the disk is full. Free some space and start again.");
        case ENOTDIR: return failure(path, act + ": a part of its path is not a folder. Correct Store.Path.");
        default:
            return failure(path, act + ": " + std::strerror(code) +
                                     ". Correct this, or choose another folder in "
                                     "Store.Path.");
    }
}

// A new folder that is only in its parent's cache would be gone after a power cut, with all that was acknowledged.
void sync_folder(const fs::path& folder) {
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return;
    ::fsync(file);
    ::close(file);
}

Result<void> create_folder(const fs::path& path) {
    const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    struct stat found{};
    if (::stat(parent.c_str(), &found) != 0 && errno == ENOENT) {
        if (auto made = create_folder(parent); !made) return made;
    }
    // Only its owner may read it: payloads are other people's data.
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return explain(path, "can't be created", errno);
    sync_folder(parent);
    return {};
}

Result<void> check_folder(const std::string& path, bool create) {
    if (path.empty()) return Error{Errc::unavailable, "The store has no folder. Set Store.Path."};
    struct stat found{};
    if (::stat(path.c_str(), &found) == 0) {
        if (S_ISDIR(found.st_mode)) return {};
        return failure(path, "is not a folder. Choose another one in Store.Path.");
    }
    if (errno != ENOENT) return explain(path, "can't be read", errno);
    if (!create) return failure(path, "does not exist. Correct Store.Path.");
    const auto whole = fs::path(path).lexically_normal();
    return create_folder(whole.has_filename() ? whole : whole.parent_path());
}

std::string owner_of(int file) {
    char text[32] = {};
    const auto size = ::pread(file, text, sizeof text - 1, 0);
    const std::string pid(text, size > 0 ? std::strspn(text, "0123456789") : 0);
    return pid.empty() ? "" : " (process " + pid + ")";
}

}  // namespace

Result<std::unique_ptr<FolderLock>> FolderLock::take(const std::string& path, bool create) {
    if (auto usable = check_folder(path, create); !usable) return usable.error();
    const std::string name = path + "/dtmd.lock";
    const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return explain(path, "can't be written", errno);
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        const int code = errno;
        const std::string owner = owner_of(file);
        ::close(file);
        if (code != EWOULDBLOCK) return explain(path, "can't be locked", code);
        return failure(path, "is in use: another dtmd" + owner +
                                 " is using it. Stop that one, or give this one another folder in Store.Path.");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    // The number only makes a later message better: that it can't be written must not stop anyone.
    if (::ftruncate(file, 0) != 0 || ::pwrite(file, pid.data(), pid.size(), 0) < 0) errno = 0;
    return std::unique_ptr<FolderLock>(new FolderLock(path, file));
}

FolderLock::~FolderLock() { ::close(file_); }

bool FolderLock::is_still_there() const {
    struct stat ours{}, there{};
    const std::string name = path_ + "/dtmd.lock";
    return ::fstat(file_, &ours) == 0 && ::stat(name.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
           ours.st_dev == there.st_dev;
}

std::uint64_t free_bytes(const std::string& path) {
    struct statvfs space{};
    if (::statvfs(path.c_str(), &space) != 0) return 0;
    return std::uint64_t{space.f_bavail} * space.f_frsize;
}

std::string mebibytes(std::uint64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
    return text;
}

}  // namespace dtmd::store::rocks
