// How many changes a second the store makes durable, and what they cost.
// Usage: store_bench [SECONDS [CLIENTS [WRITERS [rocksdb|postgres [SETTING...]]]]]
// 32 clients, each running sagas of two branches one after the other: insert, first branch done, second branch done and
// finished. Three durable changes per saga. PostgreSQL runs in a folder below $TMPDIR, with its durable defaults unless
// settings (fsync=off) say otherwise; its CPU is not counted.

#include "store/rocksdb/rocksdb_backend.h"
#include "store_contract/samples.h"
#include "store_contract/servers/postgres.h"
#include "store_contract/temp_folder.h"

#include <sys/resource.h>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using namespace dtmd;
using namespace dtmd::store;
using Clock = std::chrono::steady_clock;

class CountingMetrics final : public observe::StoreMetrics {
public:
    void batch_written(std::size_t mutations, double seconds) override {
        ++batches;
        changes += mutations;
        busy_us += static_cast<std::uint64_t>(seconds * 1e6);
    }
    void batch_failed() override { ++failures; }
    void read_done(double) override {}
    void queue_length(std::size_t) override {}
    std::atomic<std::uint64_t> batches{0}, changes{0}, failures{0}, busy_us{0};
};

/// The least a loop can be: one thread, one queue.
class ThreadLoop final : public Loop {
public:
    ThreadLoop() : thread_([this] { run(); }) {}
    ~ThreadLoop() override {
        post([this] { stop_ = true; });
        thread_.join();
    }
    Time now() const override { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }
    std::chrono::microseconds steady() const override {
        return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch());
    }
    void post(Task task) override {
        bool wake;
        {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
            wake = idle_;
            idle_ = false;
        }
        if (wake) changed_.notify_one();
    }
    void after(Millis, Task) override { std::abort(); }

private:
    void run() {
        std::vector<Task> now;
        while (!stop_) {
            {
                std::unique_lock lock(mutex_);
                while (tasks_.empty()) {
                    idle_ = true;
                    changed_.wait(lock);
                }
                idle_ = false;
                now.swap(tasks_);
            }
            for (auto& task : now) task();
            now.clear();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Task> tasks_;
    bool idle_ = false, stop_ = false;
    std::thread thread_;
};

/// One client: the next change is made when the last one is durable.
class Client {
public:
    Client(store::Store& store, Loop& loop, std::string name, const std::atomic<bool>& stop)
        : store_(store), loop_(loop), name_(std::move(name)), stop_(stop) {}

    void step() {
        if (stop_) {
            is_idle = true;
            return;
        }
        store_.apply(loop_, next_change(), [this](Outcome outcome) {
            if (outcome != Outcome::ok) std::abort();
            step();
        });
    }

    std::atomic<bool> is_idle{false};

private:
    Mutation next_change() {
        using txn::Status;
        const Time now = loop_.now();
        const int stage = stage_++ % 3;
        if (stage == 0) {
            gid_ = std::to_string(now.time_since_epoch().count()) + name_ + std::to_string(stage_);
            return test::insert(test::saga(gid_, now));
        }
        auto change = stage == 1 ? test::update(gid_, Status::submitted, {})
                                 : test::turn(gid_, Status::submitted, Status::succeed, now);
        change.patch.rows.push_back({.row = stage == 1 ? 1u : 3u,
                                     .status = txn::BranchStatus::succeed,
                                     .update_time = now,
                                     .finish_time = now,
                                     .attempts = 1,
                                     .last_error = {},
                                     .first_call = now,
                                     .last_call = now});
        return change;
    }

    store::Store& store_;
    Loop& loop_;
    const std::string name_;
    const std::atomic<bool>& stop_;
    std::string gid_;
    int stage_ = 0;
};

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main(int count, char** arguments) {
    const auto argument = [&](int i, int otherwise) { return count > i ? std::atoi(arguments[i]) : otherwise; };
    const int seconds = argument(1, 5), clients_count = argument(2, 32), writers = argument(3, 1);
    const bool is_postgres = count > 4 && std::string(arguments[4]) == "postgres";
    const test::TempFolder folder;
    std::unique_ptr<test::PostgresServer> server;
    if (is_postgres) {
        const std::vector<std::string> settings(arguments + 5, arguments + count);
        server = std::make_unique<test::PostgresServer>(settings, std::filesystem::temp_directory_path().string());
    }
    const auto factory =
        is_postgres ? open_postgres(server->options("bench")) : open_rocksdb({.path = folder.file("store")});
    if (!factory) {
        std::fprintf(stderr, "%s\n", factory.error().what.c_str());
        return 1;
    }
    CountingMetrics metrics;
    std::atomic<bool> stop{false};
    ThreadLoop loops[2];
    const auto store = make_group_commit_store(
        *factory, {.writers = static_cast<std::size_t>(writers), .exclusive = !is_postgres}, metrics);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < clients_count; ++i) {
        Loop& home = loops[i % 2];
        clients.push_back(std::make_unique<Client>(*store, home, "-" + std::to_string(i) + "-", stop));
        home.post([client = clients.back().get()] { client->step(); });
    }

    const double cpu_before = cpu_seconds();
    const auto start = Clock::now();
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    const double cpu = cpu_seconds() - cpu_before;
    const auto changes = static_cast<double>(metrics.changes), batches = static_cast<double>(metrics.batches);
    const double busy_us = static_cast<double>(metrics.busy_us);
    stop = true;
    for (const auto& client : clients) {
        while (!client->is_idle) std::this_thread::yield();
    }
    std::printf("%d clients: %.0f changes/s, %.0f commits/s of %.1f changes, %.2f us CPU per change, commit %.0f us\n",
                clients_count, changes / elapsed, batches / elapsed, changes / batches, cpu * 1e6 / changes,
                busy_us / batches);
    return 0;
}
