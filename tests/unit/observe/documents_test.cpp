#include "observe/metrics.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

// The manual's pages on logging and metrics are complete, and name nothing that is gone.
namespace dtmd::observe {
namespace {

const std::filesystem::path root = DTMD_SOURCE_DIR;

std::string content_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
    std::set<std::string> found;
    for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) found.insert((*it)[1]);
    return found;
}

/// The first cells of the tables' rows, where they are such a `name`.
std::set<std::string> listed(const char* page, const std::string& name) {
    return matches(content_of(root / "docs/manual" / page), std::regex("\n\\| `(" + name + ")` \\|"));
}

TEST(Manual, ListsEveryMetric) {
    const std::string text = make_metrics("1")->expose();
    EXPECT_EQ(listed("metrics.md", "[a-z_]+"), matches(text, std::regex(R"(# TYPE (\w+) )")))
        << "docs/manual/metrics.md needs a row for each metric, and no others";
}

TEST(Manual, ListsEveryEvent) {
    // A call may choose between two names, so look for all of them before its fields begin.
    const std::regex call(R"re((log::(?:debug|info|warn|error)\([^{;]*))re"), write(R"re((write_line\([^{;]*))re");
    const std::regex name(R"re("([a-z_]+\.[a-z_]+)")re");
    std::set<std::string> events;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "src")) {
        if (entry.path().extension() != ".cpp") continue;
        const std::string text = content_of(entry.path());
        const bool is_log = entry.path().filename() == "log.cpp";
        for (const std::string& found : matches(text, is_log ? write : call)) events.merge(matches(found, name));
    }
    EXPECT_GT(events.size(), 10u);
    EXPECT_EQ(listed("logging.md", R"([a-z_]+\.[a-z_]+)"), events)
        << "docs/manual/logging.md needs a row for each event, and no others";
}

}  // namespace
}  // namespace dtmd::observe
