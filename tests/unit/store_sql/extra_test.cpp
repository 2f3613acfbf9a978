#include "store/sql/extra.h"

#include <gtest/gtest.h>

namespace dtmd::store::sql {
namespace {

constexpr std::size_t room = 65'535;

Time at(std::int64_t ms) { return Time(Millis(ms)); }

Extra sample() {
    Extra extra;
    extra.created = at(1'700'000'000'123);
    extra.not_before = at(1'700'000'009'000);
    extra.rows[1] = {.attempts = 3, .error = "HTTP 500", .first_call = at(1), .last_call = at(2)};
    extra.rows[12] = {.attempts = 1, .error = "", .first_call = at(5), .last_call = at(5)};
    return extra;
}

TEST(ExtData, WritesNothingWhereThereIsNothing) {
    for (const char* theirs : {"", "{}", R"({"headers":{"a":"b"}})", "no JSON"}) {
        const auto data = split_ext_data(theirs);
        EXPECT_EQ(join_ext_data(data, room), theirs);
        EXPECT_TRUE(data.ours.empty());
    }
}

TEST(ExtData, KeepsBothSides) {
    for (const std::string theirs : {"", R"({"headers":{"b":"1","a":"2"}})", R"({"n":1.50,"text":"\"dtmd\":{}"})"}) {
        const std::string text = join_ext_data({.theirs = theirs, .ours = sample(), .is_foreign = false}, room);
        EXPECT_NE(text.find("\"dtmd\""), text.npos);
        const auto read = split_ext_data(text);
        EXPECT_EQ(read.ours, sample());
        EXPECT_EQ(split_ext_data(read.theirs).ours, Extra{});
        EXPECT_EQ(read.theirs.empty(), theirs.empty());
        EXPECT_EQ(join_ext_data({.theirs = read.theirs, .ours = sample(), .is_foreign = false}, room), text);
    }
    const std::string headers = R"({"headers":{"b":"1","a":"2"}})";
    const auto text = join_ext_data({.theirs = headers, .ours = sample(), .is_foreign = false}, room);
    EXPECT_EQ(split_ext_data(text).theirs, headers);
}

TEST(ExtData, IsWrittenAsDocumented) {
    Extra extra = sample();
    extra.rows.erase(12);
    EXPECT_EQ(join_ext_data({.theirs = R"({"headers":{}})", .ours = extra, .is_foreign = false}, room),
              R"({"headers":{},"dtmd":{"created":1700000000123,"not_before":1700000009000,)"
              R"("rows":{"1":{"attempts":3,"error":"HTTP 500","first":1,"last":2}}}})");
}

TEST(ExtData, LeavesForeignTextAlone) {
    for (const char* theirs : {"no JSON", "[1]", "7"}) {
        auto data = split_ext_data(theirs);
        EXPECT_TRUE(data.is_foreign);
        data.ours = sample();
        EXPECT_EQ(join_ext_data(data, room), theirs);
    }
}

TEST(ExtData, IgnoresWhatItDoesNotKnow) {
    const auto data = split_ext_data(
        R"({"dtmd":{"created":"x","rows":{"a":{"attempts":1},"2":7,"3":{"attempts":-1,"error":5}},"later":1}})");
    EXPECT_EQ(data.ours.created, Time{});
    ASSERT_EQ(data.ours.rows.size(), 1u);
    EXPECT_EQ(data.ours.rows.at(3), RowExtra{});
}

TEST(ExtData, FitsItsColumn) {
    Extra extra;
    extra.not_before = at(9);
    for (std::uint32_t i = 0; i < 100; ++i) extra.rows[i] = {.attempts = 2, .error = std::string(900, 'e')};
    const auto fits = [&](std::size_t most) {
        const auto text = join_ext_data({.theirs = R"({"headers":{}})", .ours = extra, .is_foreign = false}, most);
        EXPECT_LE(text.size(), most);
        return split_ext_data(text).ours;
    };
    EXPECT_EQ(fits(200'000).rows[99].error.size(), 900u);
    EXPECT_EQ(fits(65'535).rows[99].error.size(), 100u);
    EXPECT_EQ(fits(8'000).rows[99].error.size(), 0u);
    EXPECT_EQ(fits(8'000).rows.at(99).attempts, 2u);
    EXPECT_TRUE(fits(100).rows.empty());
    EXPECT_EQ(fits(100).not_before, at(9)) << "a call must not go out too early";
}

TEST(ExtData, KeepsOnlyWhatIsWorthIt) {
    using txn::BranchStatus;
    EXPECT_FALSE(is_worth_keeping({}, BranchStatus::prepared));
    EXPECT_FALSE(is_worth_keeping({.attempts = 1, .error = "", .first_call = at(1)}, BranchStatus::succeed));
    EXPECT_TRUE(is_worth_keeping({.attempts = 2}, BranchStatus::succeed));
    EXPECT_TRUE(is_worth_keeping({.attempts = 1, .error = "no"}, BranchStatus::failed));
    EXPECT_TRUE(is_worth_keeping({.attempts = 1}, BranchStatus::prepared));
}

}  // namespace
}  // namespace dtmd::store::sql
