#pragma once

#include "dice.h"
#include "event_queue.h"

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace dtmd::simulation {

/// What happened, as text when it is to be shown, and always as one number by which two runs can be compared.
class Trace {
public:
    bool prints = false;
    std::uint64_t hash() const { return hash_; }

    template <class... Parts>
    void note(Time at, const Parts&... parts) {
        mix(static_cast<std::int64_t>(at.time_since_epoch().count()));
        (mix(parts), ...);
        if (!prints) return;
        std::string line;
        (append(line, parts), ...);
        print(at, line);
    }

private:
    void mix(std::string_view text) {
        for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    }
    template <std::integral Number>
    void mix(Number number) {
        hash_ = (hash_ ^ static_cast<std::uint64_t>(number)) * 0x9E3779B97F4A7C15;
        hash_ ^= hash_ >> 29;
    }
    static void append(std::string& line, std::string_view text) { line += text; }
    template <std::integral Number>
    static void append(std::string& line, Number number) {
        line += std::to_string(number);
    }
    static void print(Time at, const std::string& line) {
        constexpr Time start{Millis{1'800'000'000'000}};
        std::printf("%10lld ms  %s\n", static_cast<long long>((at - start).count()), line.c_str());
    }

    std::uint64_t hash_ = 0xCBF29CE484222325;
};

/// How often what went wrong was made to go wrong, for the summary.
struct Tally {
    std::uint64_t crashes = 0, stops = 0, stalls = 0, clock_jumps = 0, host_outages = 0, dead_hosts = 0,
                  store_outages = 0;
    std::uint64_t writes_unavailable = 0, writes_unknown = 0, reads_failed = 0, stale_reads = 0, writes_lost = 0;
    std::uint64_t requests_lost = 0, answers_lost = 0, duplicates = 0, odd_answers = 0, slow_answers = 0;
    std::uint64_t client_requests = 0, client_losses = 0, operator_acts = 0, calls = 0;
    std::uint64_t ended[5][2] = {};  ///< By mode; [0] succeed, [1] failed.
    std::uint64_t forced = 0;

    void add(const Tally& other) {
        // All members are counters of one type, and there are many.
        static_assert(sizeof(Tally) % sizeof(std::uint64_t) == 0);
        auto* mine = reinterpret_cast<std::uint64_t*>(this);
        const auto* theirs = reinterpret_cast<const std::uint64_t*>(&other);
        for (std::size_t i = 0; i < sizeof(Tally) / sizeof(std::uint64_t); ++i) mine[i] += theirs[i];
    }
};

/// What all parts of one simulated world share.
struct Context {
    explicit Context(std::uint64_t seed) : dice(seed) {}

    EventQueue queue;
    Dice dice;
    Trace trace;
    Tally tally;
    std::vector<std::string> complaints;  ///< Whatever is in here is a promise that was broken.
    bool stormy = true;                   ///< Things go wrong. Afterwards nothing new does.

    template <class... Parts>
    void note(const Parts&... parts) {
        trace.note(queue.now(), parts...);
    }
    void complain(const std::string& gid, const std::string& what) {
        note("!!! ", gid, ": ", what);
        complaints.push_back(gid + ": " + what);
    }
    /// In the storm only.
    bool trouble(double probability) { return stormy && dice.chance(probability); }
};

}  // namespace dtmd::simulation
