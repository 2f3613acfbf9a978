#include "store/rocksdb/rocksdb_backend.h"
#include "store_contract/backends.h"
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
using txn::Status;

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

std::vector<std::string> families_in(const std::string& path) {
    std::vector<std::string> names;
    if (!rocksdb::DB::ListColumnFamilies({}, path, &names).ok()) names = {rocksdb::kDefaultColumnFamilyName};
    return names;
}

// Works on what is stored without knowing what it is. The first handle is the default family's.
template <class Work>
void open_raw(const std::string& path, Work work) {
    rocksdb::Options options;
    options.create_if_missing = true;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto& name : families_in(path)) families.emplace_back(name, options);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, path, families, &handles, &db).ok());
    work(*db, handles);
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
    delete db;
}

void put_raw(const std::string& path, const std::string& key, const std::string& value) {
    open_raw(path, [&](rocksdb::DB& db, const auto&) { EXPECT_TRUE(db.Put({}, key, value).ok()); });
}

// Makes of a store what format 1 would have made of the same changes: everything in the default family.
void make_format_1(const std::string& path) {
    open_raw(path, [](rocksdb::DB& db, const auto& handles) {
        for (std::size_t i = 1; i < handles.size(); ++i) {
            const std::unique_ptr<rocksdb::Iterator> entry(db.NewIterator({}, handles[i]));
            for (entry->SeekToFirst(); entry->Valid(); entry->Next()) {
                EXPECT_TRUE(db.Put({}, entry->key(), entry->value()).ok());
            }
            EXPECT_TRUE(db.DropColumnFamily(handles[i]).ok());
        }
        EXPECT_TRUE(db.Put({}, "mformat", "1").ok());
    });
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
    put_raw(folder.file("store"), "mformat", "3");
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("newer version of dtmd"));
    put_raw(folder.file("store"), "mformat", "what");
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("damaged"));
}

TEST(RocksDbOpening, RefusesSomebodyElsesDatabase) {
    const TempFolder folder;
    put_raw(folder.file("store"), "key", "value");
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("not dtmd's"));
    EXPECT_EQ(families_in(folder.file("store")), std::vector<std::string>{"default"}) << "it was left as it was";
    open_raw(folder.file("store"), [](rocksdb::DB& db, const auto&) {
        rocksdb::ColumnFamilyHandle* made = nullptr;
        ASSERT_TRUE(db.CreateColumnFamily({}, "theirs", &made).ok());
        db.DestroyColumnFamilyHandle(made);
    });
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("not dtmd's"));
}

TEST(RocksDbOpening, RefusesSomebodyElsesDatabaseWhoseFamiliesAreNamedAlike) {
    const TempFolder folder;
    put_raw(folder.file("store"), "key", "value");
    open_raw(folder.file("store"), [](rocksdb::DB& db, const auto&) {
        rocksdb::ColumnFamilyHandle* made = nullptr;
        ASSERT_TRUE(db.CreateColumnFamily({}, "state", &made).ok());
        db.DestroyColumnFamilyHandle(made);
    });
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("not dtmd's"));
}

TEST(RocksDbOpening, TakesOverAStoreOfFormat1) {
    const TempFolder folder;
    const auto path = folder.file("store");
    const auto other = full("other");
    {
        const auto backend = (*open_rocksdb({.path = path}))();
        write(*backend, {insert(saga("a", at(1))), insert(saga("b", at(2))), insert(tcc("c", at(3))), insert(other)});
        write(*backend, {append("c", Status::prepared, {branch("01", "confirm")}),
                         turn("b", Status::submitted, Status::succeed, at(5))});
        EXPECT_EQ(*backend->kv_create({.category = "topics", .key = "t", .value = "v"}), Outcome::ok);
    }
    make_format_1(path);
    ASSERT_EQ(families_in(path), std::vector<std::string>{"default"});

    for (int opening = 1; opening <= 2; ++opening) {
        const auto backend = (*open_rocksdb({.path = path}))();
        EXPECT_EQ(**backend->load("a"), saga("a", at(1)));
        EXPECT_EQ((*backend->load("c"))->branches.size(), 1u);
        EXPECT_EQ(**backend->load("other"), other);
        EXPECT_EQ(backend->list({}, "", 10)->transactions.size(), 4u);
        EXPECT_EQ((*backend->kv_find("topics", "t"))->value, "v");
        EXPECT_EQ(backend->counts()->unfinished, 3u);
        EXPECT_EQ(write(*backend, {insert(saga("a"))}), std::vector{Outcome::conflict});
    }
    const auto backend = (*open_rocksdb({.path = path}))();
    EXPECT_EQ(*backend->expire(at(100), 10), 1u);
    EXPECT_FALSE(*backend->load("b"));
    EXPECT_EQ(backend->claim_due(at(100), at(200), 10)->transactions.size(), 3u);
    EXPECT_GT(families_in(path).size(), 1u);
}

TEST(RocksDbOpening, GoesOnWithATakeOverThatWasInterrupted) {
    const TempFolder folder;
    const auto path = folder.file("store");
    {
        const auto backend = (*open_rocksdb({.path = path}))();
        write(*backend, {insert(saga("a", at(1))), insert(saga("b", at(2)))});
    }
    // The format is what is written last.
    put_raw(path, "mformat", "1");
    const auto backend = (*open_rocksdb({.path = path}))();
    EXPECT_EQ(**backend->load("a"), saga("a", at(1)));
    EXPECT_EQ(backend->claim_due(at(100), at(200), 10)->transactions.size(), 2u);
}

TEST(RocksDbOpening, RefusesADamagedStore) {
    const TempFolder folder;
    ASSERT_TRUE(open_rocksdb({.path = folder.file("store")}));
    std::ofstream(folder.file("store/CURRENT")) << "MANIFEST-nonsense";
    EXPECT_THAT(refusal(folder.file("store")), HasSubstr("damaged"));
}

}  // namespace
}  // namespace dtmd::store::test
