#pragma once

#include "engine/coordinator.h"
#include "support/memory_store.h"
#include "support/null_metrics.h"
#include "support/virtual_loop.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dtmd::testing {

/// A participant whose answers the test scripts, and which remembers what it was asked.
class ScriptedParticipant final : public participant::Participant {
public:
    explicit ScriptedParticipant(VirtualLoop& loop) : loop_(loop) {}

    /// Decides each answer; by default success after `latency`.
    std::function<participant::Reply(const participant::Call&)> script;
    Millis latency{1};

    /// What goes beyond `latency`: how long this call takes; no value: it is never answered.
    std::function<std::optional<Millis>(const participant::Call&)> takes;

    /// Told of each call as it goes out, and of each answer before the engine hears it.
    std::function<void(const participant::Call&)> on_call;
    std::function<void(const participant::Call&, const participant::Reply&)> on_answer;

    std::vector<participant::Call> calls;
    std::map<std::string, int> open;  ///< By gid/branch/op: never above one.
    int most_open_of_one = 0, open_now = 0, most_open = 0;

    void call(participant::Call call, absl::AnyInvocable<void(participant::Reply)> done) override;

    /// "action 01", in the order in which they were made.
    std::vector<std::string> log() const;
    std::size_t count(const std::string& entry) const;

private:
    VirtualLoop& loop_;
};

participant::Reply success();
participant::Reply failure(std::string text);
participant::Reply ongoing();
participant::Reply unknown(bool reached = true);

/// One coordinator with one shard on virtual time. At a crash all that was in memory is gone, including
/// writes that have had no effect yet.
class World {
public:
    explicit World(engine::Settings settings = {});

    VirtualLoop loop;
    SeededRandom random{7};
    MemoryStore store;
    ScriptedParticipant participant{loop};
    NullMetrics metrics;
    std::vector<engine::Alert> alerts;
    engine::Settings settings;

    engine::Engine& engine() { return *coordinator_; }
    engine::Coordinator& coordinator() { return *coordinator_; }

    /// A crash, and a new start on what is durable. Without any time passing, and with a little for the start.
    void crash();
    void restart();

    /// Each starts a request; the answer is filled in when it comes.
    using Pending = std::shared_ptr<std::optional<engine::Answer>>;
    Pending submit(txn::Transaction transaction);
    Pending prepare(txn::Transaction transaction);
    Pending abort(const std::string& gid, const std::string& type, const std::string& reason = "");
    Pending register_branch(txn::Registration registration);
    Pending force_stop(const std::string& gid);
    Pending reset_next_cron_time(const std::string& gid);
    Pending submit_workflow(const std::string& gid, const std::string& status, const std::string& reason = "");
    Pending prepare_workflow(txn::Transaction transaction, engine::Found* found = nullptr);
    Pending query(const std::string& gid, engine::Found* found);
    Pending reset_cron_time(std::chrono::seconds timeout, std::size_t limit, std::pair<std::size_t, bool>* moved);

    /// What it has come to, without time passing beyond what is due now.
    engine::Answer now(const Pending& pending);

    /// Runs until it is there. Fails the test after a virtual hour.
    engine::Answer wait(const Pending& pending);
    engine::Answer submit_and_wait(txn::Transaction transaction) { return wait(submit(std::move(transaction))); }

    bool run_until_final(const std::string& gid, Millis span = std::chrono::hours(2));
    txn::Status status(const std::string& gid) { return store.rows.at(gid).status; }

private:
    std::unique_ptr<engine::Coordinator> coordinator_;
};

txn::Transaction saga(const std::string& gid, int steps, bool wait = true);
txn::Transaction message(const std::string& gid, int steps, bool wait = true);
txn::Transaction two_phased(const std::string& gid, txn::Mode mode, bool wait = true);
txn::Transaction workflow(const std::string& gid);
txn::Registration progress(const std::string& gid, const std::string& branch_id);
txn::Registration tcc_branch(const std::string& gid, const std::string& branch_id);
txn::Registration xa_branch(const std::string& gid, const std::string& branch_id);

}  // namespace dtmd::testing
