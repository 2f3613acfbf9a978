#include "app/reset_store.h"

#include "store/rocksdb/rocksdb_backend.h"
#include "temporary_folder.h"

#include <gtest/gtest.h>

#include <fstream>

namespace dtmd::app {
namespace {

namespace fs = std::filesystem;

Result<store::BackendFactory> open_store(const std::string& path) {
    store::RocksDbOptions options;
    options.path = path;
    return store::open_rocksdb(options);
}

TEST(ResetStore, RemovesTheStoresFilesAndNoOthers) {
    TemporaryFolder folder;
    {
        const auto opened = open_store(folder.path());
        ASSERT_TRUE(opened) << opened.error().what;
        store::KeyValue item{.category = "topics", .key = "t", .value = "[]", .create_time = {}, .update_time = {}};
        ASSERT_TRUE((*opened)()->kv_create(item));
    }
    std::ofstream(folder.file("mine.txt")) << "mine";
    const auto removed = reset_store(folder.path());
    ASSERT_TRUE(removed) << removed.error().what;
    EXPECT_TRUE(fs::exists(folder.file("mine.txt")));
    EXPECT_FALSE(fs::exists(folder.file("CURRENT")));

    const auto again = open_store(folder.path());
    ASSERT_TRUE(again) << again.error().what;
    const auto found = (*again)()->kv_find("topics", "t");
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->has_value());
}

TEST(ResetStore, LeavesAStoreInUseAlone) {
    TemporaryFolder folder;
    const auto opened = open_store(folder.path());
    ASSERT_TRUE(opened) << opened.error().what;
    const auto removed = reset_store(folder.path());
    ASSERT_FALSE(removed);
    EXPECT_NE(removed.error().what.find("in use"), std::string::npos);
    EXPECT_TRUE(fs::exists(folder.file("CURRENT")));
}

TEST(ResetStore, LeavesForeignFilesAlone) {
    TemporaryFolder folder;
    std::ofstream(folder.file("CURRENT")) << "MANIFEST-000001\n";
    EXPECT_FALSE(reset_store(folder.path()));
    EXPECT_TRUE(fs::exists(folder.file("CURRENT")));
}

TEST(ResetStore, HasNothingToDoWithoutAStore) {
    TemporaryFolder folder;
    EXPECT_TRUE(reset_store(folder.path()));
    EXPECT_TRUE(reset_store(folder.file("missing")));
}

}  // namespace
}  // namespace dtmd::app
