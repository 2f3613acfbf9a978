#include "runner.h"

#include "observe/log.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdio>

namespace {

using namespace dtmd::simulation;

bool parse_range(const std::string& text, std::uint64_t& first, std::uint64_t& last) {
    const auto dash = text.find('-');
    const char* end = text.data() + text.size();
    const char* middle = dash == text.npos ? end : text.data() + dash;
    const auto begun = std::from_chars(text.data(), middle, first);
    last = first;
    if (begun.ec != std::errc() || begun.ptr != middle || first == 0) return false;
    if (dash == text.npos) return true;
    const auto ended = std::from_chars(middle + 1, end, last);
    return ended.ec == std::errc() && ended.ptr == end && last >= first;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "Simulates whole lives of coordinators on virtual time, with everything that can go wrong going "
        "wrong by the dice of a seed, and checks dtmd's promises after every event."};
    std::string seeds = "1-2000", profile = "seed";
    std::uint64_t seed = 0;
    RunOptions options;
    app.add_option("--seeds", seeds, "Seeds to run, as A-B or A")->capture_default_str();
    app.add_option("--seed", seed, "Replay this one seed with a trace of all its events");
    app.add_option("--profile", profile, "rocksdb, mysql, postgres or redis; all: each seed on each; seed: by the seed")
        ->capture_default_str();
    app.add_flag("--until-failure", options.until_failure, "Go on beyond --seeds until a seed fails");
    app.add_option("--jobs", options.jobs, "Threads")->check(CLI::Range(1, 256))->capture_default_str();
    app.add_flag("--lossy-failover", options.world.lossy_failover,
                 "redis: failovers lose what was acknowledged last; what was lost is not held against dtmd");
    app.add_flag("--quiet", options.quiet, "With --seed: no trace");
    CLI11_PARSE(app, argc, argv);

    dtmd::log::start({.level = spdlog::level::off, .outputs = {}});
    if (seed > 0) seeds = std::to_string(seed);
    if (!parse_range(seeds, options.first, options.last)) {
        std::fprintf(stderr, "dtmd_sim: --seeds: expected A-B with 1 <= A <= B, got '%s'\n", seeds.c_str());
        return 2;
    }
    if (profile == "all") {
        for (const Profile& one : all_profiles()) options.profiles.push_back(&one);
    } else if (profile == "seed") {
        options.profiles.push_back(nullptr);
    } else if (const Profile* found = find_profile(profile)) {
        options.profiles.push_back(found);
    } else {
        std::fprintf(stderr, "dtmd_sim: --profile: expected rocksdb, mysql, postgres, redis, all or seed, got '%s'\n",
                     profile.c_str());
        return 2;
    }
    return seed > 0 ? replay(seed, options) : run_all(options);
}
