#include "store/redis/keys.h"

#include "store/redis/address.h"

#include <gtest/gtest.h>

#include <set>

namespace dtmd::store::redis {
namespace {

TEST(RedisKeys, HaveTheSlotsThatRedisGivesThem) {
    EXPECT_EQ(slot_of("123456789"), 0x31c3);  // The example of the Cluster specification.
    EXPECT_EQ(slot_of("{user1000}.following"), slot_of("user1000"));
    EXPECT_EQ(slot_of("foo{}{bar}"), slot_of("foo{}{bar}"));
    EXPECT_NE(slot_of("foo{}{bar}"), slot_of("bar"));
    EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
    EXPECT_EQ(slot_of("foo{bar}{zap}"), slot_of("bar"));
}

TEST(RedisKeys, AreDtmsOwn) {
    const Layout layout("{a}");
    ASSERT_EQ(layout.slices().size(), 1u);
    const Slice& slice = layout.slices()[0];
    EXPECT_EQ(slice.global("g1"), "{a}_g_g1");
    EXPECT_EQ(slice.branches("g1"), "{a}_b_g1");
    EXPECT_EQ(slice.status("g1"), "{a}_s_g1");
    EXPECT_EQ(slice.due(), "{a}_u");
    EXPECT_EQ(slice.key_value("topics", "t"), "{a}_kv_topics_t");
    EXPECT_EQ(layout.slice_of("anything"), 0u);
}

TEST(RedisKeys, SpreadOverSlotsWithAllOfATransactionInOne) {
    const Layout layout("{a}", 64);
    std::set<std::uint16_t> slots;
    for (const Slice& slice : layout.slices()) {
        slots.insert(slice.slot);
        EXPECT_EQ(slot_of(slice.global("g{x}")), slice.slot);
        EXPECT_EQ(slot_of(slice.due()), slice.slot);
    }
    EXPECT_GT(slots.size(), 60u);
    EXPECT_EQ(layout.slices()[7].prefix, "{a:7}");
    EXPECT_EQ(layout.base().key_value("topics", "t"), "{a}_kv_topics_t");
    std::set<std::size_t> used;
    for (int i = 0; i < 1000; ++i) used.insert(layout.slice_of("g" + std::to_string(i)));
    EXPECT_EQ(used.size(), 64u);
    EXPECT_EQ(layout.slice_of("g1"), Layout("{a}", 64).slice_of("g1"));
}

// Stored transactions lie where this says.
TEST(RedisKeys, NeverMoveToAnotherSlice) {
    const Layout layout("{a}", 16);
    EXPECT_EQ(layout.slice_of(""), 5u);
    EXPECT_EQ(layout.slice_of("a"), 12u);
    EXPECT_EQ(layout.slice_of("foobar"), 8u);
}

TEST(RedisKeys, MeanThemselvesInAPattern) { EXPECT_EQ(glob_escaped("{a}*?[x]\\^-"), "{a}\\*\\?\\[x\\]\\\\\\^\\-"); }

TEST(RedisAddress, IsReadInEveryForm) {
    EXPECT_EQ(*parse_address("db", 6379), (Address{"db", 6379}));
    EXPECT_EQ(*parse_address("db:7000", 6379), (Address{"db", 7000}));
    EXPECT_EQ(*parse_address("[::1]:7000", 6379), (Address{"::1", 7000}));
    EXPECT_EQ(*parse_address("[::1]", 6379), (Address{"::1", 6379}));
    EXPECT_EQ((Address{"::1", 7000}).text(), "[::1]:7000");
    for (const char* bad :
         {"", ":1", "db:", "db:0", "db:65536", "db:x", "::1", "[::1", "[::1]x", "a b", "redis://db"}) {
        const auto parsed = parse_address(bad, 6379);
        ASSERT_FALSE(parsed) << bad;
        EXPECT_EQ(parsed.error().code, Errc::invalid);
    }
}

}  // namespace
}  // namespace dtmd::store::redis
