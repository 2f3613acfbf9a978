#include "store/redis/json_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace dtmd::store::redis {
namespace {

TEST(JsonText, EscapesAsGoDoes) {
    struct Row {
        std::string text, expected;
    };
    const Row rows[] = {
        {"", R"("")"},
        {"plain /", R"("plain /")"},
        {"\"\\\n\r\t", R"("\"\\\n\r\t")"},
        {std::string("\0\x1f", 2), R"("\u0000\u001f")"},
        {"<a>&", R"("\u003ca\u003e\u0026")"},
        {"\xE2\x80\xA8\xE2\x80\xA9", R"("\u2028\u2029")"},
        {"\x7f\xC3\xA4\xF0\x9F\x98\x80", "\"\x7f\xC3\xA4\xF0\x9F\x98\x80\""},
        {"\xff", R"("\udcff")"},
        {"\xC3", R"("\udcc3")"},
        {"\xed\xa0\x80", R"("\udced\udca0\udc80")"},
        {"\xc0\xaf", R"("\udcc0\udcaf")"},
        {"\xf4\x90\x80\x80", R"("\udcf4\udc90\udc80\udc80")"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(json_string(row.text), row.expected);
        EXPECT_EQ(JsonReader(row.expected).string(), row.text);
    }
}

TEST(JsonText, ReadsBackAnyBytes) {
    std::mt19937 dice(7);
    for (int i = 0; i < 3000; ++i) {
        std::string text;
        for (unsigned size = dice() % 40; size > 0; --size)
            text += static_cast<char>(dice() % (i % 2 == 0 ? 256 : 16) * 9);
        const std::string written = json_string(text);
        JsonReader reader(written);
        EXPECT_EQ(reader.string(), text);
        EXPECT_TRUE(reader.at_end());
    }
}

TEST(JsonText, AgreesWithAStrictParserOnRealText) {
    const std::string text = "\xF0\x9F\x92\xB8 \"<q>\" \\ \x01 \xE2\x80\xA8";
    EXPECT_EQ(nlohmann::json::parse(json_string(text)).get<std::string>(), text);
}

TEST(JsonReader, WalksThroughEverything) {
    const std::string text =
        R"( { "a" : [1, -2.5e3, true, null, {"x": "\u00e4\ud83d\ude00\/\b\f"}], "b": 9007199254740993, "c": {} } )";
    JsonReader reader(text);
    std::vector<std::string> keys;
    std::int64_t number = 0;
    EXPECT_TRUE(reader.object([&](const std::string& key) {
        keys.push_back(key);
        if (key == "b") {
            number = reader.integer();
        } else {
            reader.skip();
        }
    }));
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(keys, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(number, 9007199254740993);
    EXPECT_EQ(JsonReader(R"("\u00e4\ud83d\ude00\ud83d")").string(), "\xC3\xA4\xF0\x9F\x98\x80\xEF\xBF\xBD");
}

TEST(JsonReader, ReadsNullAsNothing) {
    EXPECT_EQ(JsonReader("null").string(), "");
    EXPECT_EQ(JsonReader("null").integer(), 0);
    EXPECT_FALSE(JsonReader("null").boolean());
    JsonReader reader("null");
    EXPECT_FALSE(reader.object([](const std::string&) { FAIL(); }));
    EXPECT_TRUE(reader.ok());
}

TEST(JsonReader, NoticesEveryMistake) {
    const std::string deep = std::string(100, '[') + std::string(100, ']');
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("{\"a\"}"), std::string("{\"a\":}"), std::string("{\"a\":1,}"),
          std::string("{a:1}"), std::string("[1 2]"), std::string("\"abc"), std::string("\"\\x\""),
          std::string("\"\\u12\""), std::string("nul"), std::string("tru"), std::string("{} x"), std::string("-"),
          std::string("1]"), std::string("\"\\"), deep}) {
        JsonReader reader(text);
        reader.skip();
        EXPECT_FALSE(reader.ok() && reader.at_end() && text != "-") << text;
    }
    JsonReader too_big("99999999999999999999");
    EXPECT_EQ(too_big.integer(), 0);
    EXPECT_FALSE(too_big.ok());
}

// Every cut of a valid text is a mistake, and none of them reads beyond its end.
TEST(JsonReader, NoticesACutAnywhere) {
    const std::string text = R"({"a":["\u00e4\n",{"b":false}],"c":null})";
    for (std::size_t size = 0; size < text.size(); ++size) {
        const std::string cut = text.substr(0, size);
        JsonReader reader(cut);
        reader.skip();
        EXPECT_FALSE(reader.at_end()) << cut;
    }
}

}  // namespace
}  // namespace dtmd::store::redis
