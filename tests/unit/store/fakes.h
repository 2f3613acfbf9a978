#pragma once

#include "store/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace dtmd::store::test {

/// A loop whose thread is the one that calls `run_until`.
class FakeLoop final : public Loop {
public:
    Time now() const override { return no_time; }
    std::chrono::microseconds steady() const override { return {}; }
    void post(Task task) override;
    void after(Millis, Task) override { std::abort(); }

    /// Runs tasks until `done()`; false if that takes longer than ten seconds. An exception of a task is kept in
    /// `thrown`.
    bool run_until(const std::function<bool()>& done);

    std::size_t posts();
    std::vector<std::string> thrown;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Task> tasks_;
    std::size_t posts_ = 0;
};

/// What all FakeBackends of one test share: a database that can be stopped, and made to fail.
struct FakeDatabase {
    enum class Fault { none, unavailable, unknown, exception };

    /// While it is closed, `apply`, `list` and `expire` wait in front of it.
    void close();
    void open();
    void pass();

    /// Waits until `count` calls wait at the closed gate; false if they don't in time.
    bool wait_for_waiting(std::size_t count, std::chrono::milliseconds limit = std::chrono::seconds(10));

    std::mutex mutex;
    std::condition_variable changed;
    bool is_closed = false;
    std::size_t waiting = 0;

    std::deque<Fault> faults;                       ///< For the next calls of `apply`, in order; afterwards none.
    std::string poison;                             ///< A batch with this gid fails as `unavailable`.
    bool is_down = false;                           ///< Every batch does.
    std::vector<std::vector<std::string>> batches;  ///< "gid:reason" of each change of each call of `apply`.
    std::map<std::string, std::vector<std::string>> rows;  ///< gid -> reasons in the order they were made.
    std::set<std::string> in_flight;                       ///< To see that no gid is written by two writers at once.
    std::size_t clashes = 0;
    std::vector<std::string> log;  ///< What was called, in order.
    std::size_t expirable = 0, claimable = 0;
    std::size_t claims_before_failure = 1000;
    std::set<std::thread::id> threads;
};

class FakeBackend final : public Backend {
public:
    explicit FakeBackend(FakeDatabase& database) : database_(database) {}

    Result<void> apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) override;
    Result<std::optional<txn::Transaction>> load(const std::string& gid) override;
    Result<Page> list(const Filter&, const std::string&, std::size_t) override;
    Result<Claims> claim_due(Time, Time, std::size_t limit) override;
    Result<std::pair<std::size_t, bool>> reset_due(Time, Time, std::size_t) override;
    Result<std::size_t> expire(Time, std::size_t limit) override;
    Result<Counts> counts() override { return Counts{.unfinished = 3, .oldest_unfinished = {}}; }
    Result<KeyValuePage> kv_scan(const std::string&, const std::string&, std::size_t) override {
        return KeyValuePage{};
    }
    Result<std::optional<KeyValue>> kv_find(const std::string&, const std::string&) override;
    Result<Outcome> kv_create(const KeyValue&) override { return note("kv_create"), Outcome::ok; }
    Result<Outcome> kv_update(const KeyValue&) override { return note("kv_update"), Outcome::conflict; }
    Result<Outcome> kv_delete(const std::string&, const std::string&) override {
        return note("kv_delete"), Outcome::not_found;
    }
    Result<void> ping() override { return Error{Errc::unavailable, "not well"}; }

private:
    void note(const std::string& call);

    FakeDatabase& database_;
};

struct FakeMetrics final : observe::StoreMetrics {
    void batch_written(std::size_t mutations, double) override {
        ++written;
        changes += mutations;
    }
    void batch_failed() override { ++failed; }
    void read_done(double) override { ++reads; }
    void queue_length(std::size_t) override {}
    std::atomic<std::size_t> written{0}, changes{0}, failed{0}, reads{0};
};

/// A change that can be told from others: `reason` is kept as its rollback_reason.
Mutation change(const std::string& gid, const std::string& reason = "");

/// A store over a fake database, with the outcomes of its changes.
class GroupCommit : public testing::Test {
protected:
    void start(GroupCommitOptions options = {});

    /// Sends a change; its outcome comes into `outcomes[gid:reason]`.
    void send(const std::string& gid, const std::string& reason = "", Loop* home = nullptr);
    bool run_until_answered(std::size_t count);

    FakeDatabase database;
    FakeMetrics metrics;
    FakeLoop loop;
    std::unique_ptr<Store> store;
    std::map<std::string, Outcome> outcomes;
};

}  // namespace dtmd::store::test
