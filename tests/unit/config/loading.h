#pragma once

#include "config/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

namespace dtmd::config {

/// A file "dtmd.yml" in a folder of its own, for as long as this lives.
class File {
public:
    explicit File(const std::string& text) {
        std::string pattern = testing::TempDir() + "dtmd-config-XXXXXX";
        folder_ = mkdtemp(pattern.data());
        std::ofstream(path(), std::ios::binary) << text;
    }
    ~File() { std::filesystem::remove_all(folder_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    std::string path() const { return folder_ + "/dtmd.yml"; }
    const std::string& folder() const { return folder_; }

    /// Messages as if the file lay in the current folder.
    std::string shortened(std::string message) const {
        const std::string start = folder_ + "/";
        for (auto at = message.find(start); at != message.npos; at = message.find(start))
            message.erase(at, start.size());
        return message;
    }

private:
    std::string folder_;
};

/// What comes of a file with this text. A problem fails the test and gives the defaults.
inline Loaded loaded(const std::string& text, const Environment& environment = {}) {
    const File file(text);
    auto result = load(file.path(), environment);
    if (!result) {
        ADD_FAILURE() << result.error().what;
        return {};
    }
    for (std::string& warning : result->warnings) warning = file.shortened(warning);
    for (std::string& note : result->notes) note = file.shortened(note);
    return *result;
}

/// The problems of a file with this text; empty if it has none.
inline std::string problems(const std::string& text, const Environment& environment = {}) {
    const File file(text);
    const auto result = load(file.path(), environment);
    if (result) return {};
    EXPECT_EQ(result.error().code, Errc::invalid);
    return file.shortened(result.error().what);
}

}  // namespace dtmd::config
