#include "store/rocksdb/codec.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/state.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dtmd::store::rocks {
namespace {

TEST(RocksDbKeys, SortTimesLikeTimes) {
    const std::vector<std::int64_t> times{INT64_MIN, -1, 0, 1, 255, 256, 1'700'000'000'000, INT64_MAX};
    std::string a, b;
    for (std::size_t i = 1; i < times.size(); ++i) {
        const Time earlier{Millis(times[i - 1])}, later{Millis(times[i])};
        EXPECT_LT(due_key(a, earlier, "z"), due_key(b, later, "a"));
        EXPECT_LT(ended_key(a, earlier, "z"), ended_key(b, later, "a"));
        EXPECT_GT(created_key(a, earlier, "a"), created_key(b, later, "z"));
    }
}

TEST(RocksDbKeys, AreReadBack) {
    std::string key;
    for (const std::int64_t ms : {INT64_MIN, std::int64_t{0}, std::int64_t{1'700'000'000'000}, INT64_MAX}) {
        for (const auto make : {&due_key, &created_key, &ended_key}) {
            const auto entry = parse_index_key(make(key, Time(Millis(ms)), "gid"));
            ASSERT_TRUE(entry);
            EXPECT_EQ(entry->time, Time(Millis(ms)));
            EXPECT_EQ(entry->gid, "gid");
        }
    }
    EXPECT_FALSE(parse_index_key("d12345678"));
}

TEST(RocksDbKeys, RowsOfOneGidLieTogether) {
    std::string a, b, c;
    EXPECT_LT(row_key(a, "a", 0xffffffff), row_key(b, "a!", 0));
    EXPECT_LT(row_key(a, "a", 999), row_key(b, "a", 1000));
    EXPECT_LT(row_key(a, "a", 255), row_key(b, "a", 256));
}

TEST(RocksDbPositions, AreReadBackByTheirOwnKindOnly) {
    for (std::size_t size = 0; size < 40; ++size) {
        std::string key;
        for (std::size_t i = 0; i < size; ++i) key.push_back(static_cast<char>(i * 37 + size));
        const auto position = to_position('c', key);
        EXPECT_EQ(from_position('c', position), key);
        EXPECT_FALSE(from_position('k', position));
    }
    for (const char* bad : {"", "k", "cA", "cAAAAA", "c A", "cA=", "c\xff"}) {
        EXPECT_FALSE(from_position('c', bad)) << bad;
    }
}

TEST(RocksDbState, HashesRowsWithoutConfusingTheirParts) {
    EXPECT_NE(row_hash("0", "1x"), row_hash("01", "x"));
    EXPECT_NE(row_hash("", "ab"), row_hash("ab", ""));
    EXPECT_EQ(row_hash("01", "action"), 10046162637416160654ULL) << "stored in records: it may never change";
}

// A damaged record, or one of a later version, must not become a transaction in no mode at all.
TEST(RocksDbRecords, WithValuesNobodyKnowsAreNotRead) {
    const auto complaint = [](auto change) {
        proto::Fixed fixed;
        proto::State state;
        fixed.add_branches();
        state.add_rows();
        change(fixed, state);
        return std::string(why_unreadable(fixed, state));
    };
    EXPECT_EQ(complaint([](auto&, auto&) {}), "");
    EXPECT_NE(complaint([](auto&, auto& state) { state.set_mode(5); }), "");
    EXPECT_NE(complaint([](auto&, auto& state) { state.set_mode(256); }), "");
    EXPECT_NE(complaint([](auto&, auto& state) { state.set_status(5); }), "");
    EXPECT_NE(complaint([](auto&, auto& state) { state.mutable_rows(0)->set_status(3); }), "");
    EXPECT_NE(complaint([](auto& fixed, auto&) { fixed.mutable_branches(0)->set_status(3); }), "");
    proto::Branch branch;
    EXPECT_EQ(why_unreadable(branch), "");
    branch.set_status(3);
    EXPECT_NE(why_unreadable(branch), "");
}

}  // namespace
}  // namespace dtmd::store::rocks
