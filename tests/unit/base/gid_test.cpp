#include "base/gid.h"

#include "dice.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace dtmd {
namespace {

constexpr std::string_view alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr Time now{Millis{1'795'000'000'000}};

TEST(Gid, IsUniqueWithinOneMillisecond) {
    Dice dice(1);
    std::unordered_set<std::string> seen;
    for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(seen.insert(new_gid(now, dice)).second) << "at " << i;
}

TEST(Gid, IsTwentyTwoCharactersOfTheSafeAlphabet) {
    Dice dice(2);
    for (int i = 0; i < 10'000; ++i) {
        const std::string gid = new_gid(now + Millis{i * 977}, dice);
        ASSERT_EQ(gid.size(), 22u);
        ASSERT_EQ(gid.find_first_not_of(alphabet), std::string::npos) << gid;
        ASSERT_EQ(why_bad_gid(gid), "");
    }
}

TEST(Gid, SortsByTimeWhateverTheChance) {
    Loaded lowest(0), highest(~0ULL);
    for (const std::int64_t ms : {1LL, 2LL, 57LL, 1'000'000'000LL, 1'795'000'000'000LL, (1LL << 48) - 2}) {
        const Time at{Millis{ms}};
        EXPECT_LT(new_gid(at - Millis{1}, highest), new_gid(at, lowest)) << ms;
        EXPECT_LT(new_gid(at, lowest), new_gid(at, highest)) << ms;
    }
}

TEST(Gid, StaysWellFormedAtTheEndsOfTheClock) {
    Loaded highest(~0ULL);
    for (const std::int64_t ms : {0LL, -1LL, (1LL << 48) - 1, 1LL << 48}) {
        EXPECT_EQ(why_bad_gid(new_gid(Time{Millis{ms}}, highest)), "") << ms;
    }
}

TEST(Gid, RepeatsWithItsSeed) {
    Dice one(7), same(7), other(8);
    const std::string gid = new_gid(now, one);
    EXPECT_EQ(gid, new_gid(now, same));
    EXPECT_NE(gid, new_gid(now, other));
}

struct Row {
    const char* rule;
    std::string gid;
    std::string_view complaint;  // The beginning of it; empty: none.
};

const Row rows[] = {
    {"one character is enough", "g", ""},
    {"any punctuation will do", "a/b?c=d&e'\"\\;--%", ""},
    {"other alphabets too", "gl\xC3\xBChbirne", ""},
    {"128 bytes fit", std::string(128, 'x'), ""},
    {"129 don't", std::string(129, 'x'), "gid: must not be longer than 128 bytes"},
    {"nothing is no name", "", "gid: must not be empty"},
    {"no space", "a b", "gid: must not contain spaces"},
    {"no line break", "a\n", "gid: must not contain"},
    {"no carriage return", "\ra", "gid: must not contain"},
    {"no tab", "\t", "gid: must not contain"},
    {"no NUL", std::string("a\0b", 3), "gid: must not contain"},
    {"no DEL", "a\x7F", "gid: must not contain"},
};

TEST(Gid, IsRefusedByTheTable) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.rule);
        const std::string_view complaint = why_bad_gid(row.gid);
        EXPECT_EQ(complaint.empty(), row.complaint.empty()) << complaint;
        EXPECT_TRUE(complaint.starts_with(row.complaint)) << complaint;
    }
}

}  // namespace
}  // namespace dtmd
