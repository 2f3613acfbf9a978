#include "store/rocksdb/rocksdb_backend.h"
#include "store_contract/child.h"
#include "store_contract/samples.h"
#include "store_contract/temp_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>

namespace dtmd::store::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Why the store at `path` can't be opened; the test fails if it can. Every such message names the folder.
std::string refusal(const RocksDbOptions& options) {
    const auto factory = open_rocksdb(options);
    if (factory) {
        ADD_FAILURE() << "opened " << options.path;
        return "";
    }
    EXPECT_EQ(factory.error().code, Errc::unavailable);
    EXPECT_THAT(factory.error().what, HasSubstr(options.path));
    return factory.error().what;
}

std::string refusal(const std::string& path) { return refusal(RocksDbOptions{.path = path}); }

void put_raw(const std::string& path, const std::string& key, const std::string& value) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, path, &db).ok());
    EXPECT_TRUE(db->Put({}, key, value).ok());
    delete db;
}

TEST(RocksDbOpening, CreatesItsFolderForItsOwnerOnly) {
    const TempFolder folder;
    const auto path = folder.file("some/deep/store");
    ASSERT_TRUE(open_rocksdb({.path = path}));
    EXPECT_EQ(fs::status(path).permissions() & fs::perms::mask, fs::perms::owner_all);
    EXPECT_TRUE(open_rocksdb({.path = path + "/"})) << "a slash at the end does no harm";
}

TEST(RocksDbOpening, RefusesAFolderThatIsMissingWhenItMayNotCreateIt) {
    const TempFolder folder;
    EXPECT_THAT(refusal({.path = folder.file("none"), .create_if_missing = false}), HasSubstr("does not exist"));
    EXPECT_FALSE(fs::exists(folder.file("none")));
}

TEST(RocksDbOpening, RefusesAnEmptyPath) { EXPECT_THAT(refusal(""), HasSubstr("Store.Path")); }

TEST(RocksDbOpening, RefusesWhatIsNotAFolder) {
    const TempFolder folder;
    std::ofstream(folder.file("file")) << "text";
    EXPECT_THAT(refusal(folder.file("file")), HasSubstr("is not a folder"));
    EXPECT_THAT(refusal(folder.file("file/store")), HasSubstr("not a folder"));
}

TEST(RocksDbOpening, RefusesWhatCanNotBeWritten) {
    // Not even root can create a folder in /proc.
    EXPECT_THAT(refusal("/proc/dtmd-store"), HasSubstr("can't be created"));
    EXPECT_THAT(refusal("/proc/self"), HasSubstr("can't be written"));
}

TEST(RocksDbOpening, NamesTheProcessThatIsUsingTheFolder) {
    const TempFolder folder;
    Child other("hold", folder.file("store"));
    other.read_lines(1);
    ASSERT_EQ(other.lines().size(), 1u);
    const auto why = refusal(folder.file("store"));
    EXPECT_THAT(why, HasSubstr("another dtmd"));
    EXPECT_THAT(why, HasSubstr("process " + std::to_string(other.pid())));
    other.kill();
    EXPECT_TRUE(open_rocksdb({.path = folder.file("store")})) << "a dead process holds nothing";
}

TEST(RocksDbOpening, RefusesASecondOpeningInThisProcess) {
    const TempFolder folder;
    auto first = open_rocksdb({.path = folder.file("store")});
    ASSERT_TRUE(first);
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("is in use"));
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("is in use")) << "asking must not break the lock";
    *first = nullptr;
    EXPECT_TRUE(open_rocksdb({.path = folder.file("store")}));
}

TEST(RocksDbOpening, RefusesANewerFormat) {
    const TempFolder folder;
    ASSERT_TRUE(open_rocksdb({.path = folder.file("store")}));
    put_raw(folder.file("store"), "mformat", "2");
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("newer version of dtmd"));
    put_raw(folder.file("store"), "mformat", "what");
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("damaged"));
}

TEST(RocksDbOpening, RefusesSomebodyElsesDatabase) {
    const TempFolder folder;
    put_raw(folder.file("store"), "key", "value");
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("not dtmd's"));
}

TEST(RocksDbOpening, RefusesADamagedStore) {
    const TempFolder folder;
    ASSERT_TRUE(open_rocksdb({.path = folder.file("store")}));
    std::ofstream(folder.file("store/CURRENT")) << "MANIFEST-nonsense";
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("damaged"));
}

}  // namespace
}  // namespace dtmd::store::test
