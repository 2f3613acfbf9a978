#pragma once

#include "support/engine_world.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace dtmd::testing {

/// Sees every call, answer and write of a world, and complains of whatever breaks a promise (docs/architecture.md).
///
/// What the participants really did is kept apart from what the store says, and survives crashes: the two are compared
/// when a transaction has ended.
class Witness {
public:
    explicit Witness(World& world);

    std::vector<std::string> complaints;
    bool tracing = false;  ///< Print every event, to replay what went wrong.

    /// What clients were told. A 200 must never turn out to be untrue.
    void told_stored(const std::string& gid) { said_[gid].stored = true; }
    void told_registered(const std::string& gid, const std::string& branch_id) {
        said_[gid].branches.insert(branch_id);
    }
    void told_will(const std::string& gid, txn::Status end) { said_[gid].ends.insert(end); }
    /// From here on this one may end in any mix: an operator has asked for it.
    void force_stop_asked(const std::string& gid) { said_[gid].force_stop = true; }

    void crashed();
    void note(const std::string& event);
    bool is_quiet() const { return complaints.empty(); }

    /// Every stored transaction has ended, and in the right way.
    void check_the_end();

private:
    /// One op of one branch, as its participant saw it. Moments are numbers of events.
    struct Deed {
        int open = 0;
        std::uint64_t begun = 0, succeeded = 0;  ///< The last time; 0: never.
    };
    struct Said {
        std::set<std::string> branches;
        std::set<txn::Status> ends;
        bool stored = false, force_stop = false;
    };

    void on_call(const participant::Call& call);
    void on_answer(const participant::Call& call, const participant::Reply& reply);
    void on_write(const store::Mutation& mutation);
    void complain(const std::string& gid, const std::string& what);
    Deed& deed(const std::string& gid, const std::string& branch_id, const std::string& op);
    void check_direction(const participant::Call& call, const txn::Transaction& row);
    void check_forward_order(const participant::Call& call, const txn::Transaction& saga);
    void check_way_back(const participant::Call& call, const txn::Transaction& saga);
    void check_end_of(const txn::Transaction& row);
    void check_deeds(const txn::Transaction& row);

    World& world_;
    std::uint64_t events_ = 0;
    std::map<std::string, Deed> deeds_;
    std::map<std::string, Said> said_;
    std::map<std::string, txn::Status> ended_;
};

}  // namespace dtmd::testing
