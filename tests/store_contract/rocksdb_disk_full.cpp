#include "store/rocksdb/rocksdb_backend.h"
#include "store_contract/samples.h"
#include "store_contract/temp_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <cstring>
#include <fstream>
#include <thread>

namespace dtmd::store::test {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf, testing::HasSubstr;

// A small disk of its own, which can be filled without hurting anyone.
class RocksDbDiskFull : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "only root can mount the small disk that this test fills";
        const int mounted = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=48m");
        ASSERT_EQ(mounted, 0) << "can't mount a tmpfs: " << std::strerror(errno);
        is_mounted_ = true;
    }

    void TearDown() override {
        backend_.reset();
        if (is_mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
    }

    void open(std::size_t reserve_mb) {
        backend_.reset();
        const auto factory = open_rocksdb({.path = folder_.file("store"), .memory_mb = 8, .reserve_mb = reserve_mb});
        ASSERT_TRUE(factory) << factory.error().what;
        backend_ = (*factory)();
    }

    // Leaves at most `left` bytes.
    void fill_disk(std::size_t left) {
        std::ofstream filler(folder_.file("filler"), std::ios::binary);
        struct statvfs space{};
        ASSERT_EQ(::statvfs(folder_.path().c_str(), &space), 0);
        const std::string block(4096, 'f');
        for (std::size_t i = left / block.size(); i < space.f_bavail; ++i) filler << block;
        filler.flush();
    }

    void free_disk() { ASSERT_EQ(::unlink(folder_.file("filler").c_str()), 0); }

    Result<void> insert_next() {
        const auto gid = "g" + std::to_string(next_++);
        auto record = saga(gid);
        record.branches[0].body = std::string(20'000, 'x');
        const Mutation batch[] = {insert(std::move(record))};
        Outcome outcomes[] = {Outcome::unknown};
        auto result = backend_->apply(batch, outcomes);
        if (result) {
            EXPECT_EQ(outcomes[0], Outcome::ok);
            acknowledged_.push_back(gid);
        }
        return result;
    }

    void insert_until_it_works_again() {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        Result<void> last;
        while (std::chrono::steady_clock::now() < deadline) {
            last = insert_next();
            if (last) return;
            std::this_thread::sleep_for(10ms);
        }
        FAIL() << "it did not recover: " << last.error().what;
    }

    void expect_all_there() {
        for (const auto& gid : acknowledged_) {
            const auto found = backend_->load(gid);
            ASSERT_TRUE(found) << found.error().what;
            ASSERT_TRUE(found->has_value()) << gid << " was acknowledged and is lost";
        }
    }

    const TempFolder folder_;
    bool is_mounted_ = false;
    std::unique_ptr<Backend> backend_;
    int next_ = 0;
    std::vector<std::string> acknowledged_;
};

TEST_F(RocksDbDiskFull, RefusesChangesWhileTheReserveIsLeftAndGoesOnWhenThereIsSpace) {
    open(8);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(insert_next());
    fill_disk(6 << 20);
    std::this_thread::sleep_for(30ms);  // The disk is looked at every 20 ms.

    const auto refused = insert_next();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable) << "nothing was written, and that is certain";
    EXPECT_THAT(refused.error().what, HasSubstr("disk is full"));
    const auto sick = backend_->ping();
    ASSERT_FALSE(sick);
    EXPECT_THAT(sick.error().what, HasSubstr("disk is full"));
    expect_all_there();

    free_disk();
    EXPECT_TRUE(backend_->ping());
    insert_until_it_works_again();
    open(8);
    expect_all_there();
}

TEST_F(RocksDbDiskFull, RecoversFromAWriteThatFailedHalfWay) {
    open(0);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(insert_next());
    for (int round = 0; round < 3; ++round) {
        fill_disk(0);
        Result<void> refused;
        for (int i = 0; i < 2000 && refused; ++i) refused = insert_next();
        ASSERT_FALSE(refused) << "the disk should be full by now";
        EXPECT_THAT(refused.error().code, AnyOf(Errc::unavailable, Errc::unknown));
        expect_all_there();

        free_disk();
        insert_until_it_works_again();
        EXPECT_TRUE(backend_->ping());
        expect_all_there();
    }
    open(0);
    expect_all_there();
}

TEST_F(RocksDbDiskFull, SaysSoWhenItCanNotEvenBeOpened) {
    open(8);
    ASSERT_TRUE(insert_next());
    backend_.reset();
    fill_disk(0);
    const auto factory = open_rocksdb({.path = folder_.file("store")});
    ASSERT_FALSE(factory);
    EXPECT_THAT(factory.error().what, HasSubstr("disk is full"));
    free_disk();
    open(8);
    expect_all_there();
}

TEST_F(RocksDbDiskFull, NoticesThatItsFolderWasTakenAway) {
    open(8);
    ASSERT_TRUE(insert_next());
    ASSERT_EQ(::rename(folder_.file("store").c_str(), folder_.file("elsewhere").c_str()), 0);
    const auto sick = backend_->ping();
    ASSERT_FALSE(sick);
    EXPECT_THAT(sick.error().what, HasSubstr("removed or replaced"));
    EXPECT_FALSE(insert_next());
    ASSERT_EQ(::rename(folder_.file("elsewhere").c_str(), folder_.file("store").c_str()), 0);
    insert_until_it_works_again();
}

}  // namespace
}  // namespace dtmd::store::test
