// How many changes a second a Redis makes durable, and what they cost us. Starts a private server.
// Usage: redis_bench [SECONDS [BATCH [WRITERS [APPENDFSYNC [FOLDER]]]]]    Sagas of two branches, each three changes:
// insert, first branch done, second branch done and finished; BATCH of them at a time by each of WRITERS threads.

#include "store/redis/redis_backend.h"
#include "store_contract/samples.h"
#include "store_contract/servers/redis.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

namespace {

using namespace dtmd;
using namespace dtmd::store;
using Clock = std::chrono::steady_clock;

Time now() { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

Mutation change(const std::string& gid, int stage) {
    using txn::Status;
    const Time at = now();
    if (stage == 0) return test::insert(test::saga(gid, at));
    auto mutation =
        stage == 1 ? test::update(gid, Status::submitted, {}) : test::turn(gid, Status::submitted, Status::succeed, at);
    auto& patch = mutation.patch;
    patch.update_time = at;
    patch.retry_count = 0;
    if (stage == 1) {
        patch.next_cron_interval = 10;
        patch.next_cron_time = at + Millis(20'000);
    }
    patch.rows.push_back({.row = stage == 1 ? 1u : 3u,
                          .status = txn::BranchStatus::succeed,
                          .update_time = at,
                          .finish_time = at,
                          .attempts = 1,
                          .last_error = {},
                          .first_call = at,
                          .last_call = at});
    return mutation;
}

void work(const BackendFactory& factory, int writer, std::size_t size, const std::atomic<bool>& stop,
          std::atomic<std::uint64_t>& done) {
    const auto backend = factory();
    std::vector<Outcome> outcomes(size);
    for (int round = 0; !stop; ++round) {
        for (int stage = 0; stage < 3; ++stage) {
            std::vector<Mutation> batch;
            for (std::size_t i = 0; i < size; ++i) {
                batch.push_back(change(
                    std::to_string(writer) + "-bench-transaction-" + std::to_string(round) + "-" + std::to_string(i),
                    stage));
            }
            const auto applied = backend->apply(batch, outcomes);
            const bool all = std::ranges::all_of(outcomes, [](Outcome one) { return one == Outcome::ok; });
            if (!applied || !all) {
                std::fprintf(stderr, "%s\n", applied ? "a change was not made" : applied.error().what.c_str());
                std::exit(1);
            }
            done += size;
        }
    }
}

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Seconds of CPU that the server has used, by its own account.
double server_seconds(const test::RedisServer& server) {
    const std::string said = server.cli({"info", "cpu"});
    double total = 0;
    for (const char* key : {"used_cpu_sys:", "used_cpu_user:"}) {
        total += std::atof(said.c_str() + said.find(key) + std::string(key).size());
    }
    return total;
}

}  // namespace

int main(int count, char** arguments) {
    const auto argument = [&](int i, int otherwise) { return count > i ? std::atoi(arguments[i]) : otherwise; };
    const int seconds = argument(1, 5), batch = argument(2, 64), writers = argument(3, 1);
    const std::string sync = count > 4 ? arguments[4] : "everysec";
    std::vector<std::string> words{"--appendonly", "yes", "--appendfsync", sync};
    if (count > 5) words.insert(words.end(), {"--dir", arguments[5]});
    const test::RedisServer server(words);
    const auto factory = open_redis({.hosts = {server.host()}});
    if (!factory) return 1;

    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> done{0};
    const double cpu_before = cpu_seconds(), server_before = server_seconds(server);
    const auto start = Clock::now();
    std::vector<std::thread> threads;
    for (int i = 0; i < writers; ++i) {
        threads.emplace_back([&, i] { work(*factory, i, static_cast<std::size_t>(batch), stop, done); });
    }
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    stop = true;
    for (auto& thread : threads) thread.join();
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    const auto changes = static_cast<double>(done);
    std::printf(
        "%d writers, batches of %d, appendfsync %s: %.0f changes/s; per change %.1f us of our CPU, %.1f us of "
        "the server's\n",
        writers, batch, sync.c_str(), changes / elapsed, (cpu_seconds() - cpu_before) * 1e6 / changes,
        (server_seconds(server) - server_before) * 1e6 / changes);
    return 0;
}
