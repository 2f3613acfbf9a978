#include "observe/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace dtmd::log {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

std::string content_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

class Log : public testing::Test {
protected:
    Log() {
        std::string pattern = testing::TempDir() + "dtmd-log-XXXXXX";
        folder_ = mkdtemp(pattern.data());
        file_ = folder_ / "dtmd.log";
    }
    ~Log() override {
        stop();
        std::filesystem::remove_all(folder_);
    }

    void start_to_file(Format format = Format::text, spdlog::level::level_enum level = spdlog::level::info) {
        Options options;
        options.level = level;
        options.format = format;
        options.outputs = {file_};
        start(options);
    }

    static std::string why_refused(const std::string& output) {
        Options options;
        options.outputs = {output};
        try {
            start(options);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "it was not refused";
    }

    std::filesystem::path folder_, file_;
};

TEST_F(Log, WritesTimeLevelEventAndFields) {
    start_to_file();
    info("branch.answered", {{"gid", "g1"}, {"op", "action"}});
    warn("store.slow", {{"reason", "disk is full"}});
    stop();
    const auto lines = lines_of(content_of(file_));
    ASSERT_EQ(lines.size(), 2u);
    const std::regex first(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info  branch\.answered gid=g1 op=action)");
    EXPECT_TRUE(std::regex_match(lines[0], first)) << lines[0];
    EXPECT_THAT(lines[1], HasSubstr("Z warn  store.slow reason=\"disk is full\""));
}

TEST_F(Log, WritesTimesInUtcWhateverTheZone) {
    setenv("TZ", "<+08>-08", 1);
    tzset();
    start_to_file();
    info("e");
    stop();
    unsetenv("TZ");
    tzset();
    const std::time_t now = std::time(nullptr);
    char hour[20];
    std::strftime(hour, sizeof hour, "%Y-%m-%dT%H", std::gmtime(&now));
    const std::time_t before = now - 60;
    char earlier[20];
    std::strftime(earlier, sizeof earlier, "%Y-%m-%dT%H", std::gmtime(&before));
    EXPECT_THAT(content_of(file_), testing::AnyOf(testing::StartsWith(hour), testing::StartsWith(earlier)));
}

TEST_F(Log, WritesAJsonObjectPerLine) {
    start_to_file(Format::json);
    info("branch.answered", {{"gid", "g \"1\"\n"}, {"ms", 12}});
    error("server.failed", {{"reason", "100 % {} %v"}});
    stop();
    const auto lines = lines_of(content_of(file_));
    ASSERT_EQ(lines.size(), 2u);
    const auto first = nlohmann::json::parse(lines[0]), second = nlohmann::json::parse(lines[1]);
    EXPECT_EQ(first["gid"], "g \"1\"\n");
    EXPECT_EQ(first["ms"], 12);
    EXPECT_EQ(first["time"].get<std::string>().size(), 24u);
    EXPECT_EQ(second["level"], "error");
    EXPECT_EQ(second["reason"], "100 % {} %v");
}

TEST_F(Log, LeavesOutWhatIsBelowItsLevel) {
    start_to_file(Format::text, spdlog::level::warn);
    EXPECT_FALSE(enabled(spdlog::level::info));
    EXPECT_TRUE(enabled(spdlog::level::err));
    debug("a");
    info("b");
    write(spdlog::level::info, "c", {});
    warn("d");
    error("e");
    stop();
    const auto lines = lines_of(content_of(file_));
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_THAT(lines[0], HasSubstr("warn  d"));
    EXPECT_THAT(lines[1], HasSubstr("error e"));
}

TEST_F(Log, WritesToStandardErrorBeforeItIsStarted) {
    testing::internal::CaptureStderr();
    error("server.failed", {{"reason", "early"}});
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("Z error server.failed reason=early\n"));
}

TEST_F(Log, WritesToStandardErrorAgainAfterItWasStopped) {
    start_to_file(Format::json);
    stop();
    testing::internal::CaptureStderr();
    error("late");
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("Z error late\n"));
    EXPECT_EQ(content_of(file_), "");
}

TEST_F(Log, WritesToAllItsOutputsOnce) {
    Options options;
    options.outputs = {file_, folder_ / "new" / "folder" / "two.log", file_};
    start(options);
    info("e");
    stop();
    EXPECT_EQ(lines_of(content_of(file_)).size(), 1u);
    EXPECT_EQ(lines_of(content_of(folder_ / "new" / "folder" / "two.log")).size(), 1u);
}

TEST_F(Log, KeepsWhatAFileHeld) {
    std::ofstream(file_) << "before\n";
    start_to_file();
    info("e");
    stop();
    EXPECT_THAT(content_of(file_), testing::StartsWith("before\n"));
}

TEST_F(Log, NamesTheFileTheReasonAndTheRemedy) {
    EXPECT_THAT(why_refused(folder_), testing::AllOf(HasSubstr("Log.Outputs: cannot write the log to '" +
                                                               folder_.string() + "': Is a directory"),
                                                     HasSubstr("name a file in a folder that dtmd may write to")));
    std::ofstream(folder_ / "plain") << "x";
    EXPECT_THAT(why_refused(folder_ / "plain" / "dtmd.log"), HasSubstr("Not a directory"));
}

TEST_F(Log, GoesOnWhenANewStartIsRefused) {
    start_to_file();
    EXPECT_THAT(why_refused(folder_), HasSubstr("Is a directory"));
    info("still.here");
    stop();
    EXPECT_THAT(content_of(file_), HasSubstr("still.here"));
}

TEST_F(Log, RotatesFiles) {
    Options options;
    options.outputs = {file_};
    options.rotate_bytes = 2'000;
    options.rotate_files = 2;
    start(options);
    for (int i = 0; i < 100; ++i) info("e", {{"k", std::string(50, 'x')}});
    stop();
    EXPECT_LE(std::filesystem::file_size(file_), 2'000u);
    EXPECT_TRUE(std::filesystem::exists(folder_ / "dtmd.1.log"));
    EXPECT_TRUE(std::filesystem::exists(folder_ / "dtmd.2.log"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "dtmd.3.log"));
}

TEST_F(Log, FlushedLinesAreInTheFile) {
    start_to_file();
    constexpr int count = 500;
    for (int i = 0; i < count; ++i) info("filler", {{"i", i}});
    flush(std::chrono::seconds(10));
    EXPECT_EQ(lines_of(content_of(file_)).size(), static_cast<std::size_t>(count));
}

TEST_F(Log, TakesEventsFromManyThreads) {
    start_to_file();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            for (int i = 0; i < 500; ++i) info("e", {{"thread", t}, {"i", i}});
        });
    }
    for (std::thread& thread : threads) thread.join();
    stop();
    EXPECT_EQ(lines_of(content_of(file_)).size(), 2'000u);
}

// What the pipe holds, until both words have come or the time is up.
std::string read_until(int pipe, const std::string& first, const std::string& second) {
    std::string text;
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (text.find(first) == text.npos || text.find(second) == text.npos) {
        if (std::chrono::steady_clock::now() > deadline) return text + "(time is up)";
        pollfd ready{pipe, POLLIN, 0};
        if (poll(&ready, 1, 100) != 1) continue;
        char buffer[65536];
        const ssize_t size = read(pipe, buffer, sizeof buffer);
        if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
    }
    return text;
}

// A pipe that nobody empties stands for any output that hangs: the callers go on, and the loss is told.
TEST_F(Log, DropsAndCountsRatherThanWait) {
    const std::filesystem::path path = folder_ / "pipe";
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    const int pipe = open(path.c_str(), O_RDWR | O_NONBLOCK);
    ASSERT_GE(pipe, 0);
    const std::uint64_t before = dropped();
    Options options;
    options.outputs = {path};
    start(options);
    constexpr int count = 20'000;
    for (int i = 0; i < count; ++i) info("filler", {{"i", i}});
    EXPECT_GT(dropped(), before);

    error("the.end");
    std::string text;
    std::thread reader([&] { text = read_until(pipe, "the.end", "log.dropped"); });
    stop();  // Tells the loss at the latest.
    reader.join();
    close(pipe);
    EXPECT_THAT(text, HasSubstr("warn  log.dropped lines="));
    const auto total = dropped() - before;
    EXPECT_GT(total, 0u);
    EXPECT_LT(total, static_cast<std::uint64_t>(count));
}

}  // namespace
}  // namespace dtmd::log
