#include "store/redis/time_text.h"

#include <gtest/gtest.h>

namespace dtmd::store::redis {
namespace {

TEST(TimeText, WritesUtcWithMilliseconds) {
    EXPECT_EQ(json_time(no_time), "null");
    EXPECT_EQ(json_time(from_ms(1'700'000'000'007)), "\"2023-11-14T22:13:20.007Z\"");
    EXPECT_EQ(json_time(from_ms(951'782'400'000)), "\"2000-02-29T00:00:00.000Z\"");
}

TEST(TimeText, ReadsWhatGoWrites) {
    struct Row {
        const char* text;
        std::int64_t ms;
    };
    const Row rows[] = {
        {"2026-11-21T04:49:14.484186982Z", 1'795'236'554'484},
        {"2026-11-21T12:49:14.484186982+08:00", 1'795'236'554'484},
        {"2026-11-21T00:19:14.4-04:30", 1'795'236'554'400},
        {"2026-11-21T04:49:14Z", 1'795'236'554'000},
        {"2026-11-21T04:49:14.000000001Z", 1'795'236'554'000},
        {"1970-01-01T00:00:00.001Z", 1},
        {"0001-01-01T00:00:00Z", -62'135'596'800'000},
    };
    for (const auto& row : rows) {
        const auto time = parse_time(row.text);
        ASSERT_TRUE(time) << row.text;
        EXPECT_EQ(to_ms(*time), row.ms) << row.text;
    }
    for (std::int64_t ms = 1; ms < 4'000'000'000'000; ms = ms * 3 + 77) {
        const std::string text = json_time(from_ms(ms));
        EXPECT_EQ(parse_time(text.substr(1, text.size() - 2)), from_ms(ms));
    }
}

TEST(TimeText, RefusesWhatIsNoTime) {
    for (const char* text : {"", "2026", "2026-11-21", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                             "2026-11-21T24:00:00Z", "2026-11-21T00:60:00Z", "2026-11-21T00:00:00",
                             "2026-11-21T00:00:00+8", "2026-11-21T00:00:00Zx", "x026-11-21T00:00:00Z"}) {
        EXPECT_FALSE(parse_time(text)) << text;
    }
}

TEST(TimeText, KeepsMillisecondsInScores) {
    EXPECT_EQ(score_of(from_ms(1'700'000'000'007)), "1700000000.007");
    EXPECT_EQ(score_of(from_ms(1'700'000'000'000)), "1700000000.000");
    EXPECT_EQ(score_of(from_ms(-5)), "0.000");
    for (std::int64_t ms = 1'700'000'000'000; ms < 1'700'000'001'000; ++ms) {
        EXPECT_EQ(parse_score(std::to_string(static_cast<double>(ms) / 1000)), from_ms(ms));
        EXPECT_EQ(parse_score(score_of(from_ms(ms))), from_ms(ms));
    }
    EXPECT_EQ(parse_score("1795236574"), from_ms(1'795'236'574'000));
    EXPECT_EQ(parse_score("1.795236574e+09"), from_ms(1'795'236'574'000));
    for (const char* text : {"", "x", "inf", "nan", "1 ", "1e300"}) EXPECT_FALSE(parse_score(text)) << text;
}

}  // namespace
}  // namespace dtmd::store::redis
