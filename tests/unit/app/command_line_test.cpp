#include "app/command_line.h"

#include <gtest/gtest.h>

namespace dtmd::app {
namespace {

using Words = std::vector<std::string>;

TEST(CommandLine, ServesWithoutACommand) {
    const Parsed parsed = parse_command_line({});
    EXPECT_FALSE(parsed.is_done);
    EXPECT_EQ(parsed.line.command, Command::serve);
    EXPECT_EQ(parsed.line.config_file, "");
    EXPECT_FALSE(parsed.line.debug);
    EXPECT_FALSE(parsed.line.reset);
}

TEST(CommandLine, TakesDtmsFlagsInEveryPlace) {
    struct Row {
        Words words;
        std::string config;
        bool debug, reset;
    };
    const Row rows[] = {
        {{"-c", "a.yml"}, "a.yml", false, false},
        {{"-c=a.yml", "-d"}, "a.yml", true, false},
        {{"--config", "a.yml", "-r", "-d"}, "a.yml", true, true},
        {{"--config=a.yml"}, "a.yml", false, false},
        {{"serve", "-c", "a.yml", "-d"}, "a.yml", true, false},
        {{"-c", "a.yml", "serve", "-r"}, "a.yml", false, true},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(testing::PrintToString(row.words));
        const Parsed parsed = parse_command_line(row.words);
        EXPECT_FALSE(parsed.is_done) << parsed.text;
        EXPECT_EQ(parsed.line.command, Command::serve);
        EXPECT_EQ(parsed.line.config_file, row.config);
        EXPECT_EQ(parsed.line.debug, row.debug);
        EXPECT_EQ(parsed.line.reset, row.reset);
    }
}

TEST(CommandLine, KnowsTheOtherCommands) {
    const Parsed check = parse_command_line({"check-config", "-c", "x.yml"});
    EXPECT_EQ(check.line.command, Command::check_config);
    EXPECT_EQ(check.line.config_file, "x.yml");

    const Parsed health = parse_command_line({"health", "--server", "http://h:2"});
    EXPECT_EQ(health.line.command, Command::health);
    EXPECT_EQ(health.line.health_server, "http://h:2");

    const Parsed print = parse_command_line({"schema", "print", "barrier.mysql"});
    EXPECT_EQ(print.line.command, Command::print_schema);
    EXPECT_EQ(print.line.schema, "barrier.mysql");
    const Parsed apply = parse_command_line({"schema", "apply", "-c", "y.yml"});
    EXPECT_EQ(apply.line.command, Command::apply_schema);
    EXPECT_EQ(apply.line.config_file, "y.yml");
    EXPECT_EQ(parse_command_line({"schema", "check"}).line.command, Command::check_schema);
    EXPECT_EQ(parse_command_line({"schema"}).exit_code, 2);

    const Parsed demo = parse_command_line({"demo", "--server", "http://h:1", "--data", "d"});
    EXPECT_EQ(demo.line.command, Command::demo);
    EXPECT_EQ(demo.line.demo.server, "http://h:1");
    EXPECT_EQ(demo.line.demo.data, "d");
    EXPECT_EQ(parse_command_line({"demo"}).line.demo.server, "http://127.0.0.1:36789");
}

TEST(CommandLine, PrintsTheVersion) {
    for (const Words& words : {Words{"-v"}, Words{"--version"}, Words{"version"}}) {
        const Parsed parsed = parse_command_line(words);
        EXPECT_TRUE(parsed.is_done);
        EXPECT_EQ(parsed.exit_code, 0);
        EXPECT_EQ(parsed.text, "dtmd version: 0.1.0\n");
    }
}

TEST(CommandLine, HelpsOnStandardOutput) {
    const Parsed parsed = parse_command_line({"-h"});
    EXPECT_EQ(parsed.exit_code, 0);
    EXPECT_NE(parsed.text.find("check-config"), std::string::npos);
    const Parsed demo = parse_command_line({"demo", "-h"});
    EXPECT_NE(demo.text.find("--server"), std::string::npos);
}

TEST(CommandLine, RefusesWhatItDoesNotKnowAndNamesTheNearest) {
    struct Row {
        Words words;
        std::string expected;
    };
    const Row rows[] = {
        {{"sevre"}, "unknown command 'sevre': did you mean 'serve'?"},
        {{"check"}, "unknown command 'check': did you mean 'check-config'?"},
        {{"demos"}, "did you mean 'demo'?"},
        {{"serve", "now"}, "unknown command 'now'"},
        {{"--cofnig", "x"}, "unknown option '--cofnig'"},
        {{"-c"}, "--config"},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(testing::PrintToString(row.words));
        const Parsed parsed = parse_command_line(row.words);
        EXPECT_TRUE(parsed.is_done);
        EXPECT_EQ(parsed.exit_code, 2);
        EXPECT_NE(parsed.text.find(row.expected), std::string::npos) << parsed.text;
        EXPECT_NE(parsed.text.find("Usage"), std::string::npos) << parsed.text;
    }
}

TEST(CommandLine, NamesNothingThatIsNotClose) {
    EXPECT_EQ(nearest("xyzzy", {"serve", "demo"}), "");
    EXPECT_EQ(nearest("dmeo", {"serve", "demo"}), "demo");
}

}  // namespace
}  // namespace dtmd::app
