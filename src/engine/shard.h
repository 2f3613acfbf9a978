#pragma once

#include "engine/actor.h"
#include "engine/coordinator.h"
#include "engine/due_queue.h"
#include "engine/host_gate.h"
#include "engine/topics.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace dtmd::engine {

/// What all shards of a coordinator share: nothing that needs a lock.
struct Shared {
    store::Store& store;
    Settings settings;
    observe::EngineMetrics& metrics;
    AlertSink alerts;
    std::size_t shards = 1;
    std::atomic<std::int64_t> active = 0;  ///< Actors that are awake; the claimer's measure of free capacity.
    std::function<void(Time)> due_noted;   ///< A stored transaction that nobody holds wants a look at this moment.

    /// How far beyond the next planned call a lease reaches: long enough for that call, its answer and its record.
    Millis lease() const;
};

/// What is to happen when a write has come to its end, well or not. Runs before the actor goes on.
using WriteDone = absl::AnyInvocable<void(store::Outcome)>;

/// One thread's slice of the transactions (those whose gid hashes to it), and everything they do.
///
/// Every method runs on the shard's loop. The heart is advance(): whatever happened (an answer, a write, a timer, a
/// client), it asks txn::decide what must be next, makes turns and results durable first, and then starts calls.
class Shard {
public:
    Shard(ShardEnvironment environment, Shared& shared);

    // Clients' wishes: shard_commands.cpp. Replies are posted to waiter.home.
    void prepare(txn::Transaction request, Waiter waiter);
    void submit(txn::Transaction request, Waiter waiter);
    void submit_workflow(std::string gid, txn::Status status, std::string reason, std::string result, Waiter waiter);
    void register_branch(txn::Registration registration, Waiter waiter);
    void prepare_workflow(txn::Transaction request, Loop& home, ReplyWith<Found> reply);
    void command(std::string gid, Command command);  ///< abort, force_stop
    void reset_next_cron_time(std::string gid, Waiter waiter);
    void query(std::string gid, Loop& home, ReplyWith<Found> reply);

    /// A transaction was claimed from the store for us, up to `lease_until` and under `owner` (store::Mutation; unset:
    /// not known): drive it, or look at it again if it is here.
    void adopt(const std::string& gid, Time lease_until, const std::optional<std::string>& owner);

    void topics_changed(std::shared_ptr<const TopicMap> topics) { topics_ = std::move(topics); }

    void start();
    /// No new calls; each actor is handed back when its last call has answered. `idle` runs when none is left.
    void stop(Task idle);
    /// The time for that is up: whoever waits for a transaction that isn't handed back yet is told so.
    void give_up();

    void add_to(Footprint& sum) const;

private:
    // shard.cpp
    ActorPtr find(const std::string& gid) const;
    ActorPtr add(std::string gid, Actor::Phase phase);
    void drop(const ActorPtr& actor);
    void advance(const ActorPtr& actor);
    void step(const ActorPtr& actor);
    void finish(const ActorPtr& actor);
    void tell(Waiter waiter, Answer answer);
    void tell_all(const ActorPtr& actor, const Answer& answer);
    void settle(const ActorPtr& actor, std::optional<Time> wake);
    bool make_ready(txn::Transaction& request, Waiter& waiter);
    txn::TopicLookup topic_lookup() const;
    Time now() const { return loop_.now(); }
    const txn::Policy& policy() const { return shared_.settings.policy; }

    // shard_commands.cpp
    void insert_and_drive(txn::Transaction request, Waiter waiter);
    void turn_unread(txn::Transaction request, Waiter waiter);
    void queue(std::string gid, Command command);
    void became_driven(const ActorPtr& actor, Waiter waiter, bool waits);
    void answer_commands(const ActorPtr& actor, const Answer& answer);
    void turn_by_command(const ActorPtr& actor, Command command, txn::Turn turn, store::Patch patch, bool waits);
    void run_command(const ActorPtr& actor, Command command);
    void run_submit(const ActorPtr& actor, Command command);
    void run_abort(const ActorPtr& actor, Command command);
    void run_force_stop(const ActorPtr& actor, Command command);
    void join(const ActorPtr& actor, Waiter waiter, bool waits);
    /// Reads what is stored under `gid` and answers what `judge` says of it (null: there is nothing).
    void answer_existing(std::string gid, Waiter waiter, absl::AnyInvocable<Answer(const txn::Transaction*)> judge);

    void bring_forward(const std::string& gid, Time at);

    // shard_writes.cpp
    void write_turn(const ActorPtr& actor, txn::Turn turn, store::Patch patch, WriteDone then = nullptr);
    /// `lease`: where the due time is moved to; empty: it stays.
    void write_progress(const ActorPtr& actor, std::optional<Time> lease, WriteDone then = nullptr);
    void add_rows(const ActorPtr& actor, store::Patch& patch);
    bool was_written_by_others(const txn::Transaction& transaction, bool was_prepared) const;
    void written(const ActorPtr& actor, store::Outcome outcome);
    void reload(const ActorPtr& actor, Millis pause);
    void loaded(const ActorPtr& actor, Result<Found> result);
    void adopt_record(const ActorPtr& actor, txn::Transaction record);
    store::Mutation update_of(Actor& actor, std::optional<Time> lease, Time at) const;
    bool is_ours_to_drive(const Actor& actor) const;

    // shard_calls.cpp
    void start_call(const ActorPtr& actor, std::size_t row);
    void admit(std::vector<Caller> next, const std::string& host);
    void send(const Caller& caller);
    /// `host`: whose slot the call has taken, if it has taken one.
    void answered(const Caller& caller, std::optional<std::string> host, participant::Reply reply);
    void check_answered(const ActorPtr& actor, participant::Reply& reply);
    void branch_answered(const ActorPtr& actor, std::size_t row, participant::Reply& reply);
    void after_leaving(const std::string& host, HostGate::Left left);
    void blocked(const Caller& caller, const std::string& host);
    void alert(const Actor& actor, std::size_t row, const std::string& error);
    std::string url_of(const Actor& actor, std::size_t row) const;
    participant::Call call_of(const Actor& actor, std::size_t row) const;
    Millis timeout_of(const Actor& actor) const;
    bool lease_covers_a_call(const Actor& actor) const;

    // shard_sleep.cpp
    void sleep(const ActorPtr& actor, Time until);
    void wake(const ActorPtr& actor, bool at_once);
    void make_due(Actor& actor);
    void set_awake(const ActorPtr& actor, bool awake);
    void arm(Time when);
    void tick();
    void hand_back(const ActorPtr& actor);

    Loop& loop_;
    participant::Participant& participant_;
    Random& random_;
    Shared& shared_;
    store::Store& store_;
    HostGate gate_;
    DueQueue due_;
    std::unordered_map<std::string, ActorPtr> actors_;
    std::shared_ptr<const TopicMap> topics_;  ///< Null: they could not be read yet.
    std::size_t sleepers_ = 0;
    Time armed_for_{Time::max()};
    bool stopping_ = false;
    bool stopped_ = false;
    Task idle_;
};

}  // namespace dtmd::engine
