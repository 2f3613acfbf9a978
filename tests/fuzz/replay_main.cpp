#include "observe/log.h"
#include "target.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// Runs one target on files that were kept: fuzz_replay TARGET FILE-OR-FOLDER... Needs no libFuzzer, so that every test
// run, under whatever sanitizer, can do it.
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_below(const fs::path& place) {
    if (!fs::is_directory(place)) return {place};
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(place)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

bool run_file(dtmd::fuzz::Target run, const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        std::fprintf(stderr, "fuzz_replay: %s cannot be read\n", file.c_str());
        return false;
    }
    const std::string input((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    // Said beforehand and kept in memory: if the process ends in there, this is the file it ended on.
    std::fprintf(stderr, "%s\n", file.c_str());
    run(input);
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const dtmd::fuzz::Target run = argc > 2 ? dtmd::fuzz::find_target(argv[1]) : nullptr;
    if (run == nullptr) {
        std::fprintf(stderr, "usage: %s TARGET FILE-OR-FOLDER...\ntargets:", argv[0]);
        for (const auto& target : dtmd::fuzz::targets()) std::fprintf(stderr, " %s", target.name.data());
        std::fprintf(stderr, "\n");
        return 2;
    }
    dtmd::log::start({.level = spdlog::level::off, .outputs = {}});
    std::size_t done = 0;
    for (int i = 2; i < argc; ++i) {
        for (const fs::path& file : files_below(argv[i])) {
            if (!run_file(run, file)) return 1;
            ++done;
        }
    }
    std::printf("%zu inputs\n", done);
    // A corpus that has gone missing must not look like success.
    return done > 0 ? 0 : 1;
}
