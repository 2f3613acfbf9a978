// How many changes a second MySQL or MariaDB makes durable in batches.
// Usage: mysql_bench [SECONDS [BATCH [WRITERS]]]    starts a MariaDB of its own, in memory or in the folder
// $DTMD_TEST_DISK, which keeps every commit (innodb_flush_log_at_trx_commit=1). Each writer runs batches of two-branch
// sagas: insert all, first branch done, second branch done and finished. Three durable changes per saga.

#include "store_contract/mysql_rig.h"
#include "store_contract/samples.h"
#include "store_contract/servers/mariadb.h"

#include <sys/resource.h>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

using namespace dtmd;
using namespace dtmd::store;
using Clock = std::chrono::steady_clock;

struct Totals {
    std::atomic<std::uint64_t> insert_us{0}, update_us{0}, finish_us{0}, batches{0};
};

Time now() { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

std::uint64_t timed(Backend& backend, const std::vector<Mutation>& batch) {
    std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
    const auto start = Clock::now();
    const auto result = backend.apply(batch, outcomes);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
    for (const auto outcome : outcomes) {
        if (result && outcome == Outcome::ok) continue;
        std::fprintf(stderr, "a change failed: %s\n", result ? "not ok" : result.error().what.c_str());
        std::exit(1);
    }
    return static_cast<std::uint64_t>(took);
}

RowPatch done(std::uint32_t row) {
    return {.row = row,
            .status = txn::BranchStatus::succeed,
            .update_time = now(),
            .finish_time = now(),
            .attempts = 1,
            .last_error = "",
            .first_call = now(),
            .last_call = now()};
}

void write_sagas(Backend& backend, const std::string& prefix, std::size_t size, Clock::time_point end, Totals& totals) {
    for (std::uint64_t round = 0; Clock::now() < end; ++round) {
        std::vector<Mutation> inserts, updates, finishes;
        for (std::size_t i = 0; i < size; ++i) {
            auto saga = test::saga(prefix + std::to_string(round) + "-" + std::to_string(i), now());
            saga.next_cron_time = now() + std::chrono::seconds(10);
            Patch first, last;
            first.update_time = last.update_time = now();
            first.rows.push_back(done(1));
            first.retry_count = last.retry_count = 0;
            first.next_cron_time = now() + std::chrono::seconds(13);
            last.rows.push_back(done(3));
            last.status = txn::Status::succeed;
            last.finish_time = now();
            updates.push_back(test::update(saga.gid, txn::Status::submitted, std::move(first)));
            finishes.push_back(test::update(saga.gid, txn::Status::submitted, std::move(last)));
            inserts.push_back(test::insert(std::move(saga)));
        }
        totals.insert_us += timed(backend, inserts);
        totals.update_us += timed(backend, updates);
        totals.finish_us += timed(backend, finishes);
        ++totals.batches;
    }
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int index, long usual) { return argc > index ? std::atol(argv[index]) : usual; };
    const auto size = static_cast<std::size_t>(number(2, 64));
    const auto writers = static_cast<std::size_t>(number(3, 2));
    test::MariaDb server({"--innodb-buffer-pool-size=512M", "--innodb-log-file-size=512M"});
    auto factory = open_mysql(server.options("dtm"));
    Totals totals;
    factory.value()()->ping().value();

    const double cpu_before = cpu_seconds();
    const auto start = Clock::now();
    const auto end = start + std::chrono::seconds(number(1, 5));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < writers; ++i) {
        threads.emplace_back([&, i] { write_sagas(*(*factory)(), "w" + std::to_string(i) + "-", size, end, totals); });
    }
    for (auto& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const auto batches = static_cast<double>(totals.batches);
    const double sagas = batches * static_cast<double>(size);
    std::printf("%zu writers, batches of %zu: %.0f sagas/s, %.0f changes/s, %.1f us of our CPU per saga\n", writers,
                size, sagas / seconds, 3 * sagas / seconds, (cpu_seconds() - cpu_before) / sagas * 1e6);
    std::printf("per batch: insert %.0f us, first result %.0f us, end %.0f us\n",
                static_cast<double>(totals.insert_us) / batches, static_cast<double>(totals.update_us) / batches,
                static_cast<double>(totals.finish_us) / batches);
}
