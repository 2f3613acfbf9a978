#include "observe/log_line.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace dtmd::log {
namespace {

constexpr auto info_level = spdlog::level::info;

struct Row {
    const char* what;
    std::string value, shown;
};

const Row rows[] = {
    {"a word is bare", "abc-1.2:3/x", "abc-1.2:3/x"},
    {"nothing", "", R"("")"},
    {"a space", "a b", R"("a b")"},
    {"an equals sign would look like a field", "a=b", R"("a=b")"},
    {"quotes", R"(say "hi")", R"("say \"hi\"")"},
    {"a backslash", R"(a\b)", R"("a\\b")"},
    {"a line end can't begin a line of its own", "x\n2026-11-21T07:00:00.000Z info  forged",
     R"("x\n2026-11-21T07:00:00.000Z info  forged")"},
    {"carriage return, tab, NUL", std::string("\r\t\0", 3), R"("\r\t\u0000")"},
    {"a terminal escape", "\x1B[31mred", R"("\u001b[31mred")"},
    {"DEL", "a\x7F", R"("a\u007f")"},
    {"the C1 form of an escape",
     "\xC2\x9B"
     "31m",
     R"("\u009b31m")"},
    {"a Unicode line end",
     "a\xE2\x80\xA8"
     "b",
     R"("a\u2028b")"},
    {"text turned around",
     "\xE2\x80\xAE"
     "abc",
     R"("\u202eabc")"},
    {"an isolating mark",
     "\xE2\x81\xA6"
     "abc",
     R"("\u2066abc")"},
    {"other languages stay readable", "转账", "\"转账\""},
    {"the euro sign is no mark", "€5", "\"€5\""},
    {"invalid UTF-8",
     "a\xFF"
     "b",
     "\"a\xEF\xBF\xBD"
     "b\""},
    {"half a character", "a\xE2\x80", "\"a\xEF\xBF\xBD\""},
};

TEST(LogLine, ShowsAnyValueOnOneLine) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        EXPECT_EQ(text_line(info_level, "e", {{"k", row.value}}), "info  e k=" + row.shown);
    }
}

TEST(LogLine, WritesValidJsonWhateverTheValue) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        const std::string line = "{" + json_line(info_level, "e", {{"k", row.value}, {"n", 3}});
        EXPECT_EQ(line.find('\n'), line.npos);
        const auto document = nlohmann::json::parse(line, nullptr, false);
        ASSERT_FALSE(document.is_discarded()) << line;
        EXPECT_EQ(document["level"], "info");
        EXPECT_EQ(document["event"], "e");
        EXPECT_EQ(document["n"], 3);
        const bool was_replaced = row.shown.find("\xEF\xBF\xBD") != row.shown.npos;
        if (!was_replaced) {
            EXPECT_EQ(document["k"], row.value);
        }
    }
}

TEST(LogLine, ReadsAsDocumented) {
    EXPECT_EQ(text_line(info_level, "branch.answered", {{"gid", "g1"}, {"op", "action"}, {"ms", 12}}),
              "info  branch.answered gid=g1 op=action ms=12");
    EXPECT_EQ(json_line(info_level, "branch.answered", {{"gid", "g1"}, {"ms", 12}}),
              R"("level":"info","event":"branch.answered","gid":"g1","ms":12})");
    EXPECT_EQ(text_line(info_level, "server.stopped", {}), "info  server.stopped");
}

TEST(LogLine, NamesLevelsInOneWidth) {
    EXPECT_EQ(text_line(spdlog::level::debug, "e", {}), "debug e");
    EXPECT_EQ(text_line(spdlog::level::info, "e", {}), "info  e");
    EXPECT_EQ(text_line(spdlog::level::warn, "e", {}), "warn  e");
    EXPECT_EQ(text_line(spdlog::level::err, "e", {}), "error e");
}

TEST(LogLine, WritesNumbersAsNumbers) {
    const std::string line = "{" + json_line(info_level, "e",
                                             {{"yes", true},
                                              {"big", std::numeric_limits<std::uint64_t>::max()},
                                              {"least", std::numeric_limits<std::int64_t>::min()},
                                              {"part", 0.25},
                                              {"tiny", 1e-300},
                                              {"none", std::numeric_limits<double>::quiet_NaN()},
                                              {"endless", -std::numeric_limits<double>::infinity()}});
    const auto document = nlohmann::json::parse(line, nullptr, false);
    ASSERT_FALSE(document.is_discarded()) << line;
    EXPECT_EQ(document["yes"], true);
    EXPECT_EQ(document["big"], std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(document["least"], std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(document["part"], 0.25);
    EXPECT_EQ(document["tiny"], 1e-300);
    EXPECT_EQ(document["none"], "nan");
    EXPECT_EQ(document["endless"], "-inf");
}

TEST(LogLine, CutsLongValuesAndSaysSo) {
    const std::string line = text_line(info_level, "e", {{"k", std::string(max_value + 10, 'x')}});
    EXPECT_LT(line.size(), max_value + 100);
    EXPECT_NE(line.find("... (10 bytes more)\""), line.npos) << line.substr(max_value);
    EXPECT_EQ(text_line(info_level, "e", {{"k", std::string(max_value, 'x')}}).find("more"), std::string::npos);
}

// Cut in the middle of a character: the rest of it must not spoil the JSON.
TEST(LogLine, CutsInsideACharacter) {
    std::string value(max_value - 1, 'x');
    for (int i = 0; i < 10; ++i) value += "转";
    const auto document = nlohmann::json::parse("{" + json_line(info_level, "e", {{"k", value}}), nullptr, false);
    EXPECT_FALSE(document.is_discarded());
}

}  // namespace
}  // namespace dtmd::log
