#include "api/http/query_string.h"

#include <gtest/gtest.h>

namespace dtmd::api {
namespace {

TEST(QueryString, DecodesByTheTable) {
    struct Case {
        const char* text;
        const char* value;  // Of parameter "a".
    };
    const Case cases[] = {
        {"", ""},           {"a=1", "1"},     {"b=2&a=1", "1"}, {"a=1&a=2", "1"},     {"a", ""},
        {"a=", ""},         {"&&a=1&&", "1"}, {"a=x+y", "x y"}, {"a=x%2By", "x+y"},   {"a=%c3%A4", "\xC3\xA4"},
        {"%61=1", "1"},     {"a=b=c", "b=c"}, {"A=1", ""},      {"a=1;b=2", "1;b=2"}, {"a=%26", "&"},
        {"a=%253D", "%3D"},
    };
    for (const Case& row : cases) {
        SCOPED_TRACE(row.text);
        const auto query = Query::parse(row.text);
        ASSERT_TRUE(query);
        EXPECT_EQ(query->get("a"), row.value);
    }
}

TEST(QueryString, RefusesWhatCannotBeDecoded) {
    for (const char* text : {"a=%", "a=%4", "a=%4g", "a=%-1", "%=1", "a=%00", "a=%ff", "a=%c3", "a=%c3%28"}) {
        SCOPED_TRACE(text);
        const auto query = Query::parse(text);
        ASSERT_FALSE(query);
        EXPECT_EQ(query.error().code, Errc::invalid);
        EXPECT_TRUE(query.error().what.starts_with("URL: '")) << query.error().what;
    }
}

TEST(QueryString, KeepsPlusesInPaths) {
    EXPECT_EQ(*decode_percent("a+b%20c", false), "a+b c");
    EXPECT_EQ(*decode_percent("a+b%20c", true), "a b c");
}

TEST(QueryString, BoundsPages) {
    const auto limit_of = [](const char* text) { return *Query::parse(text)->limit(); };
    EXPECT_EQ(limit_of(""), 100U);
    EXPECT_EQ(limit_of("limit="), 100U);
    EXPECT_EQ(limit_of("limit=1"), 1U);
    EXPECT_EQ(limit_of("limit=1000"), 1000U);
    EXPECT_EQ(limit_of("limit=9223372036854775807"), 1000U);
    EXPECT_FALSE(Query::parse("limit=0")->limit());
    EXPECT_FALSE(Query::parse("limit=-1")->limit());
}

}  // namespace
}  // namespace dtmd::api
