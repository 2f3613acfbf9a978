#pragma once

#include "engine/engine.h"
#include "event_queue.h"
#include "participant/participant.h"
#include "support/memory_backend.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dtmd::simulation {

/// Sees every call, answer and write, and complains of whatever breaks a promise (docs/architecture.md).
///
/// What the participants were really asked and what they really answered is kept apart from what the store says, and
/// survives crashes: the two are compared when a transaction ends. A node is known by its present life.
class Witness {
public:
    using Complain = std::function<void(const std::string& gid, const std::string& what)>;

    /// @param rows       what is stored, always as it is now
    /// @param exclusive  one node alone writes it, so what it acts on has to be what is stored at that moment
    /// @param lazy       results may be written late (UpdateBranchSync: 0)
    Witness(const testing::Rows& rows, bool exclusive, bool lazy, Complain complain);

    // What clients were told. A 200 must never turn out to be untrue.
    void told_stored(const std::string& gid);
    void told_registered(const std::string& gid, const std::string& branch_id);
    void told_submitted(const std::string& gid);
    void told_will(const std::string& gid, txn::Status end);
    /// A client that waits was told of success: the end must be durable by now.
    void told_done(const std::string& gid);

    /// From here on this one may end in any mix: an operator has asked for it.
    void force_stop_asked(const std::string& gid) { lives_[gid].forced = true; }
    /// From here on its lease may be anybody's: an operator has asked for a call now.
    void reset_asked(const std::string& gid) { lives_[gid].reset = true; }
    void reset_all_asked() { all_reset_ = true; }
    bool was_forced(const std::string& gid) const;
    bool was_lost(const std::string& gid) const;

    // A request of a transaction's client reaches a node, and is answered. While all that were answered were told that
    // nothing was changed, and none is open, nothing may be stored.
    void request_begins(const std::string& gid) { ++lives_[gid].requests; }
    void request_ends(const std::string& gid, engine::Answer::Kind kind);

    // What happens. `now` is the node's own clock.
    void on_call(Owner node, const participant::Call& call, Time now);
    void on_answer(Owner node, const participant::Call& call, txn::Answer answer);
    void on_write(Owner node, const store::Mutation& mutation, Time now);
    void on_claim(Owner node, const std::string& gid, Time lease_until);
    /// A write that gives this node a lease has broken off: it can't know whether it has it.
    void on_unknown(Owner node, const std::string& gid, Time lease_until) {
        lives_[gid].had[node].push_back(lease_until);
    }
    /// A write of it may not have happened: what it counted may be gone.
    void on_failed_write(const std::string& gid) { lives_[gid].counts_lost = true; }
    /// The store has told this node that this is its status now.
    void learned(Owner node, const std::string& gid, txn::Status status);
    /// Its calls may still be executed, but nobody waits for them.
    void died(Owner node);
    /// A failover has taken these back to what they were before.
    void lost(const std::string& gid) { lives_[gid].lost = true; }

    /// Told of each transaction that ends, unless it was forced to.
    std::function<void(const txn::Transaction&)> on_end;

    /// Every stored transaction has ended, and in the right way; nothing that was acknowledged is gone.
    void check_the_end();

private:
    /// One op of one branch, as its participant saw it. Moments are numbers of events.
    struct Deed {
        std::uint64_t begun = 0, succeeded = 0;  ///< The last time; 0: never.
    };
    struct Life {
        std::map<std::string, Deed> deeds;  ///< By "branch_id/op".
        std::set<std::pair<Owner, std::string>> open;
        std::map<Owner, std::set<txn::Status>> known;
        std::map<Owner, Time> leases;            ///< The last one each has given itself.
        std::map<Owner, std::vector<Time>> had;  ///< All that each has or may have given itself.
        Owner holder = the_world;                ///< Who moved next_cron_time last.
        std::set<txn::Status> seen;              ///< What it was at some time.
        txn::Status last{};                      ///< What it was last; meaningful once anything was seen.
        std::set<std::size_t> settled;
        std::set<std::string> branches;
        std::set<txn::Status> ends;
        bool refused = false;         ///< One of its actions was answered by a failure.
        std::int64_t indefinite = 0;  ///< Answers to its actions that were neither success nor failure.
        bool counts_lost = false;
        std::size_t requests = 0;  ///< Of its client: those that may have done something.
        bool told_unchanged = false, stored = false, submitted = false, forced = false, reset = false, ended = false,
             lost = false;
        txn::Status end{};
    };

    Life& life_of_call(Owner node, const participant::Call& call);
    static Deed& deed(Life& life, const std::string& branch_id, std::string_view op);
    void check_content(Life& life, const participant::Call& call, const txn::Transaction& row);
    void check_direction(Owner node, Life& life, const participant::Call& call, const txn::Transaction& row);
    void check_lease(Owner node, Life& life, const participant::Call& call, Time now);
    void check_forward_order(Life& life, const participant::Call& call, const txn::Transaction& saga);
    void check_way_back(Life& life, const participant::Call& call, const txn::Transaction& saga);
    void check_turn(Life& life, const txn::Transaction& row);
    void check_limits(const Life& life, const participant::Call& call, const txn::Transaction& saga, Time now);
    void check_cause(const Life& life, const txn::Transaction& saga);
    void check_rows(Life& life, const store::Mutation& mutation, const txn::Transaction& row);
    static bool is_alike(const Life& life, Owner node, Time lease);
    void take_lease(Owner node, Life& life, const store::Mutation& mutation, const txn::Transaction& row, Time now);
    void check_end_of(const txn::Transaction& row);
    void check_said(const Life& life, const txn::Transaction& row);
    void check_deeds(Life& life, const txn::Transaction& row);
    void check_nothing_changed(const std::string& gid, const Life& life) const;

    const testing::Rows& rows_;
    const bool exclusive_, lazy_;
    const Complain complain_;
    std::uint64_t events_ = 0;
    bool all_reset_ = false;
    std::unordered_map<std::string, Life> lives_;
    std::set<Owner> dead_;
};

bool goes_forward(std::string_view op);  ///< action, confirm, commit
bool goes_back(std::string_view op);     ///< compensate, cancel, rollback

}  // namespace dtmd::simulation
