#include "store/rocksdb/rocksdb_backend.h"
#include "store_contract/child.h"
#include "store_contract/samples.h"
#include "store_contract/temp_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace dtmd::store::test {
namespace {

using txn::Status;
namespace fs = std::filesystem;

std::unique_ptr<Backend> open(const std::string& path) {
    const auto factory = open_rocksdb({.path = path});
    if (!factory) throw std::runtime_error(factory.error().what);
    return (*factory)();
}

// "<gid> <status>" lines -> the last status that was acknowledged.
std::map<std::string, Status> acknowledged(const std::vector<std::string>& lines) {
    std::map<std::string, Status> out;
    for (const auto& line : lines) {
        const auto space = line.find(' ');
        Status status{};
        EXPECT_TRUE(txn::parse(line.substr(space + 1), status)) << line;
        out[line.substr(0, space)] = status;
    }
    return out;
}

fs::path newest_log(const fs::path& folder) {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
    }
    return newest;
}

TEST(RocksDbDurability, RemembersWhenItWasLastChanged) {
    const TempFolder folder;
    Time now = at(5'000);
    const RocksDbOptions options{.path = folder.file("store"), .now = [&now] { return now; }};
    const auto reopened = [&] { return (*open_rocksdb(options))(); };
    {
        const auto backend = reopened();
        EXPECT_EQ(*backend->clock(), std::nullopt);
        const Mutation batch[] = {insert(tcc("a", at(0)))};
        Outcome outcomes[] = {Outcome::unknown};
        ASSERT_TRUE(backend->apply(batch, outcomes));
        EXPECT_EQ(*backend->clock(), at(5'000));
    }
    {
        // A claim alone: its leases lie in what may turn out to have been the future.
        const auto backend = reopened();
        EXPECT_EQ(*backend->clock(), at(5'000));
        now = at(9'000'000);
        ASSERT_EQ(backend->claim_due(now, now + Millis(10'000), 10)->transactions.size(), 1U);
    }
    now = at(7'000);
    const auto backend = reopened();
    EXPECT_EQ(*backend->clock(), at(9'000'000));
    ASSERT_TRUE(backend->reset_due(at(8'000'000), now, 10));
    EXPECT_EQ(*backend->clock(), at(9'000'000)) << "it never goes back";
    ASSERT_TRUE(backend->claim_due(now, now, 10));
    EXPECT_EQ(*backend->clock(), at(9'000'000));
}

TEST(RocksDbDurability, KeepsEverythingAcknowledgedOverKillNine) {
    const TempFolder folder;
    std::map<std::string, Status> expected;
    for (const std::size_t lines : {1u, 40u, 400u, 7u, 1500u}) {
        Child writer("write", folder.file("store"));
        writer.read_lines(lines);
        const auto said = acknowledged(writer.kill());
        ASSERT_GE(said.size(), (lines + 1) / 2);
        expected.insert(said.begin(), said.end());

        const auto backend = open(folder.file("store"));
        for (const auto& [gid, status] : expected) {
            const auto found = backend->load(gid);
            ASSERT_TRUE(found && *found) << gid;
            // One more step may have been made without having been acknowledged, never one less.
            if (status == Status::succeed) ASSERT_EQ((*found)->status, status) << gid;
            ASSERT_EQ((*found)->branches.front().body, std::string(500, 'b'));
        }
    }
}

TEST(RocksDbDurability, DropsATornEndOfTheLogAndNothingElse) {
    const TempFolder folder;
    std::map<std::string, Status> expected;
    {
        Child writer("write", folder.file("store"));
        writer.read_lines(50);
        expected = acknowledged(writer.kill());
    }
    // The beginning of a record that a power cut did not let finish: 7 bytes of header, then less than it promises.
    std::ofstream(newest_log(folder.file("store")), std::ios::app | std::ios::binary)
        << std::string("\x12\x34\x56\x78\xff\x03\x01", 7) << "half a record";
    const auto backend = open(folder.file("store"));
    for (const auto& [gid, status] : expected) ASSERT_TRUE(backend->load(gid)->has_value()) << gid;
}

TEST(RocksDbDurability, RefusesALogThatIsDamagedInTheMiddle) {
    const TempFolder folder;
    {
        Child writer("write", folder.file("store"));
        writer.read_lines(100);
    }
    {
        std::fstream log(newest_log(folder.file("store")), std::ios::in | std::ios::out | std::ios::binary);
        log.seekp(2000);
        log << "DAMAGE";
    }
    const auto factory = open_rocksdb({.path = folder.file("store")});
    ASSERT_FALSE(factory) << "acknowledged changes would be missing without a word";
    EXPECT_NE(factory.error().what.find("damaged"), std::string::npos) << factory.error().what;
}

}  // namespace
}  // namespace dtmd::store::test
