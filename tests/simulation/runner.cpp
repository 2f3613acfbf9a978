#include "runner.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace dtmd::simulation {
namespace {

struct Failure {
    std::uint64_t seed = 0;
    std::string profile;
    std::vector<std::string> complaints;
};

struct Sum {
    std::uint64_t runs = 0, events = 0;
    Millis virtual_time{0};
    Tally tally;
};

/// Hands out seeds, and takes in what came of them. Threads: all of it from anywhere.
class Campaign {
public:
    explicit Campaign(const RunOptions& options) : options_(options), next_(options.first) {}

    std::optional<std::uint64_t> next_seed() {
        const std::uint64_t seed = next_.fetch_add(1);
        if (seed > options_.last && !options_.until_failure) return std::nullopt;
        const std::lock_guard lock(mutex_);
        // Those below a failure are still run, so that it is the lowest that is told.
        if (failure_ && seed > failure_->seed) return std::nullopt;
        return seed;
    }

    void lived(std::uint64_t seed, const World& world) {
        const std::lock_guard lock(mutex_);
        ++sum_.runs;
        sum_.events += world.events();
        sum_.virtual_time += world.virtual_time();
        sum_.tally.add(world.tally());
        if (world.complaints().empty() || (failure_ && failure_->seed <= seed)) return;
        failure_ = Failure{seed, std::string(world.scenario().profile->name), world.complaints()};
    }

    const Sum& sum() const { return sum_; }
    const std::optional<Failure>& failure() const { return failure_; }

private:
    const RunOptions& options_;
    std::atomic<std::uint64_t> next_;
    std::mutex mutex_;
    Sum sum_;
    std::optional<Failure> failure_;
};

void work(Campaign& campaign, const RunOptions& options) {
    while (const auto seed = campaign.next_seed()) {
        for (const Profile* profile : options.profiles) {
            World::Options world_options = options.world;
            world_options.profile = profile;
            World world(*seed, world_options);
            world.run();
            campaign.lived(*seed, world);
        }
    }
}

using Number = unsigned long long;

void print_ends(const Tally& tally) {
    static constexpr txn::Mode modes[] = {txn::Mode::saga, txn::Mode::tcc, txn::Mode::xa, txn::Mode::message,
                                          txn::Mode::workflow};
    std::printf("  ended       ");
    for (const txn::Mode mode : modes) {
        const auto& ends = tally.ended[static_cast<std::size_t>(mode)];
        std::printf(" %s %llu+%llu", std::string(txn::name(mode)).c_str(), Number(ends[0]), Number(ends[1]));
    }
    std::printf(" (succeed+failed), %llu of them may have been stopped by force\n", Number(tally.forced));
}

void print_sum(const Sum& sum, double seconds) {
    const Tally& t = sum.tally;
    const double days = static_cast<double>(sum.virtual_time.count()) / 86'400'000.0;
    std::printf("%llu lives, %llu events, %.1f days of virtual time, %.1f s, %.0f lives/s\n", Number(sum.runs),
                Number(sum.events), days, seconds, static_cast<double>(sum.runs) / seconds);
    std::printf("  nodes        %llu crashes, %llu clean stops, %llu stalls, %llu clock jumps\n", Number(t.crashes),
                Number(t.stops), Number(t.stalls), Number(t.clock_jumps));
    std::printf(
        "  store        %llu outages, writes %llu unavailable %llu unknown %llu lost, reads %llu failed %llu stale\n",
        Number(t.store_outages), Number(t.writes_unavailable), Number(t.writes_unknown), Number(t.writes_lost),
        Number(t.reads_failed), Number(t.stale_reads));
    std::printf(
        "  participants %llu calls, %llu outages, %llu stayed away, lost %llu requests %llu answers, %llu duplicates, "
        "%llu odd, %llu "
        "slow\n",
        Number(t.calls), Number(t.host_outages), Number(t.dead_hosts), Number(t.requests_lost), Number(t.answers_lost),
        Number(t.duplicates), Number(t.odd_answers), Number(t.slow_answers));
    std::printf("  clients      %llu requests, %llu lost either way, %llu acts of operators\n",
                Number(t.client_requests), Number(t.client_losses), Number(t.operator_acts));
    print_ends(t);
}

}  // namespace

int run_all(const RunOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    Campaign campaign(options);
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < options.jobs; ++i) threads.emplace_back([&] { work(campaign, options); });
    work(campaign, options);
    for (std::thread& thread : threads) thread.join();

    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    print_sum(campaign.sum(), took.count());
    if (!campaign.failure()) {
        std::printf("no promise was broken\n");
        return 0;
    }
    const Failure& failure = *campaign.failure();
    std::printf("FAILED: seed %llu on %s\n", Number(failure.seed), failure.profile.c_str());
    for (const std::string& complaint : failure.complaints) std::printf("  %s\n", complaint.c_str());
    const bool by_seed = options.profiles.front() == nullptr;
    std::printf("replay it: dtmd_sim --seed %llu%s%s%s\n", Number(failure.seed), by_seed ? "" : " --profile ",
                by_seed ? "" : failure.profile.c_str(), options.world.lossy_failover ? " --lossy-failover" : "");
    return 1;
}

int replay(std::uint64_t seed, const RunOptions& options) {
    bool failed = false;
    for (const Profile* profile : options.profiles) {
        World::Options world_options = options.world;
        world_options.profile = profile;
        world_options.prints = !options.quiet;
        World world(seed, world_options);
        world.run();
        std::printf("seed %llu on %s: %llu events, trace %016llx\n", Number(seed),
                    std::string(world.scenario().profile->name).c_str(), Number(world.events()),
                    Number(world.trace_hash()));
        for (const std::string& complaint : world.complaints()) std::printf("  FAILED: %s\n", complaint.c_str());
        failed = failed || !world.complaints().empty();
    }
    return failed ? 1 : 0;
}

}  // namespace dtmd::simulation
