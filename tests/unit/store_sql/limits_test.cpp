#include "store/sql/limits.h"

#include <gtest/gtest.h>

namespace dtmd::store::sql {
namespace {

Limits narrow() {
    Limits limits;
    limits.set("trans_global.custom_data", {.most = 4, .in_bytes = false});
    limits.set("trans_global.rollback_reason", {.most = 4, .in_bytes = false});
    limits.set("trans_global.ext_data", {.most = 60, .in_bytes = true});
    limits.set("trans_branch_op.bin_data", {.most = 3, .in_bytes = true});
    limits.set("kv.v", {.most = 3, .in_bytes = true});
    return limits;
}

constexpr const char* four_characters = "\xE2\x82\xAC\xC3\xA4\xF0\x9F\x98\x80x";

TEST(SqlLimits, CountCharactersOrBytes) {
    GlobalRow row;
    row.custom_data = four_characters;
    EXPECT_EQ(why_refused(row, narrow()), "");
    row.custom_data += "y";
    EXPECT_EQ(
        why_refused(row, narrow()),
        "trans_global.custom_data holds 4 characters, and this value has 5: widen the column (`dtmd schema check` "
        "says how), or send less");
    row.custom_data = "12345";
    EXPECT_NE(why_refused(row, narrow()), "");
    EXPECT_EQ(why_refused(row, {}), "") << "what has no limit holds anything";

    KeyValue item;
    item.value = "\xE2\x82\xAC";
    EXPECT_EQ(why_refused(item, narrow()), "");
    item.value += "x";
    EXPECT_NE(why_refused(item, narrow()), "");
    EXPECT_EQ(narrow().extra_bytes(), 60u);
}

TEST(SqlLimits, LetBodiesBeAnything) {
    BranchRow row;
    row.bin_data = std::string("\0\xff\xfe", 3);
    EXPECT_EQ(why_refused(row, narrow()), "");
    row.bin_data += "x";
    EXPECT_NE(why_refused(row, narrow()).find("trans_branch_op.bin_data holds 3 bytes"), std::string::npos);
}

TEST(SqlLimits, RefuseWhatIsNotText) {
    for (const std::string& text : {std::string("a\0b", 3), std::string("\xff"), std::string("\xC3"),
                                    std::string("\xED\xA0\x80"), std::string("\xC0\x80")}) {
        GlobalRow row;
        row.gid = text;
        EXPECT_NE(why_refused(row, {}).find("trans_global.gid holds text"), std::string::npos);
        EXPECT_FALSE(is_text(text));
    }
    for (const char* text : {"", "plain\x01\x7f", four_characters}) EXPECT_TRUE(is_text(text));
}

TEST(SqlLimits, ShortenOnlyReasons) {
    GlobalRow row;
    row.rollback_reason = std::string(four_characters) + "more";
    shorten(row, narrow());
    EXPECT_EQ(row.rollback_reason, four_characters);
    row.rollback_reason =
        "\xff"
        "abcdef";
    shorten(row, narrow());
    EXPECT_EQ(row.rollback_reason, "?abc");

    std::vector<Assignment> changes{{"rollback_reason", "abcdef"}, {"custom_data", "abcd"}, {"next_cron_interval", 7}};
    EXPECT_EQ(why_refused(changes, narrow()), "");
    EXPECT_EQ(std::get<std::string>(changes[0].value), "abcd");
    changes[1].value = "abcde";
    EXPECT_NE(why_refused(changes, narrow()).find("trans_global.custom_data"), std::string::npos);
}

}  // namespace
}  // namespace dtmd::store::sql
