#include "api/json/json_read.h"
#include "api/json/json_write.h"
#include "api/json/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace dtmd::api {
namespace {

std::string as_json(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

TEST(Json, WritesWhatAnotherParserReadsBack) {
    for (int c = 0; c < 0x80; ++c) {
        const std::string text = std::string("a") + static_cast<char>(c) + "z";
        EXPECT_EQ(nlohmann::json::parse(as_json(text)).get<std::string>(), text) << c;
    }
    for (const std::string text :
         {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xE2\x80\xA9", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_EQ(nlohmann::json::parse(as_json(text)).get<std::string>(), text);
        EXPECT_TRUE(is_utf8(text));
    }
}

TEST(Json, ReplacesWhatIsNotUtf8) {
    const char* wrong[] = {"\x80",
                           "\xC0\x80",
                           "\xC3",
                           "\xC3(",
                           "\xE0\x80\x80",
                           "\xED\xA0\x80",
                           "\xF4\x90\x80\x80",
                           "\xF0\x80\x80\x80",
                           "\xFF",
                           "\xE2\x82",
                           "\xF0\x9F\x98"};
    for (const std::string text : wrong) {
        EXPECT_FALSE(is_utf8("x" + text));
        const std::string written = as_json("a" + text + "z");
        EXPECT_NE(written.find("\xEF\xBF\xBD"), std::string::npos);
        EXPECT_TRUE(nlohmann::json::accept(written));
        EXPECT_TRUE(written.ends_with("z\""));
    }
}

TEST(Json, ReadsEveryKindOfValue) {
    auto root =
        parse_object(R"({"s":"x","i":-3,"u":3,"n":1.50,"t":true,"f":false,"z":null,"a":[1,[2]],"o":{"k":"v"}})");
    ASSERT_TRUE(root);
    ASSERT_EQ(root->items.size(), 9U);
    Fields fields(*root);
    EXPECT_EQ(fields.find("s")->text, "x");
    EXPECT_EQ(fields.find("i")->integer, -3);
    EXPECT_EQ(fields.find("n")->text, "1.50");
    EXPECT_EQ(fields.find("n")->kind, Json::Kind::number);
    EXPECT_EQ(fields.find("t")->integer, 1);
    EXPECT_EQ(fields.find("f")->integer, 0);
    EXPECT_EQ(fields.find("z"), nullptr);
    EXPECT_EQ(fields.find("a")->items.at(1).items.at(0).integer, 2);
    EXPECT_EQ(fields.find("o")->items.at(0).key, "k");
}

TEST(Json, SortsMapsAndKeepsTheLastOfEqualNames) {
    auto root = parse_object(R"({"m":{"c":"1","a":"2","c":"3","b":null,"a":"4"},"sorted":{"a":"1","b":"2"}})");
    ASSERT_TRUE(root);
    Fields fields(*root);
    Pairs pairs;
    fields.take("m", pairs);
    EXPECT_EQ(pairs, (Pairs{{"a", "4"}, {"c", "3"}}));
    fields.take("sorted", pairs);
    EXPECT_EQ(pairs, (Pairs{{"a", "1"}, {"b", "2"}}));
    EXPECT_EQ(fields.complaint(), "");
}

TEST(Json, ComplainsAboutTheFirstWrongMemberOnly) {
    auto root = parse_object(R"({"a":1,"b":2})");
    ASSERT_TRUE(root);
    Fields fields(*root, "x.");
    std::string text = "kept";
    fields.take("a", text);
    fields.take("b", text);
    EXPECT_EQ(text, "kept");
    EXPECT_EQ(fields.complaint(), "x.a: expected a string, got 1");
}

TEST(Json, ShortensWhatItRepeats) {
    std::string text = R"({"a":")";
    for (int i = 0; i < 100; ++i) text += "\xC3\xA4";
    auto root = parse_object(text + "\"}");
    ASSERT_TRUE(root);
    Fields fields(*root);
    std::int64_t number = 0;
    fields.take("a", number);
    EXPECT_LT(fields.complaint().size(), 120U);
    EXPECT_TRUE(is_utf8(fields.complaint()));
}

TEST(Json, ReadsStepsInATextOfTheirOwn) {
    const auto steps = read_steps(R"([{"action":"a","compensate":"b"},null,{"ACTION":"c"}])");
    ASSERT_TRUE(steps);
    ASSERT_EQ(steps->size(), 3u);
    EXPECT_EQ((*steps)[0].get("compensate"), "b");
    EXPECT_TRUE((*steps)[1].members.empty());
    for (const char* none : {"", "null", "[]"}) EXPECT_TRUE(read_steps(none)->empty()) << none;

    const auto complaint = [](std::string_view text) { return read_steps(text).error().what; };
    EXPECT_THAT(complaint("[{"), testing::StartsWith("Steps is not JSON: "));
    EXPECT_EQ(complaint("{}"), "Steps: expected an array of objects, got an object");
    EXPECT_THAT(complaint(R"([{"action":1}])"), testing::HasSubstr("Steps"));
    EXPECT_THAT(complaint(std::string(100, '[')), testing::StartsWith("Steps: nested deeper than"));
}

}  // namespace
}  // namespace dtmd::api
