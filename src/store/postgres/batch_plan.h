#pragma once

#include "store/postgres/columns.h"
#include "store/postgres/link.h"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dtmd::store::postgres {

/// What hardly ever matters, and costs time to look at: a batch that failed because of it is done again with care.
struct Caution {
    bool left_behind = false;  ///< A new gid may have branches that someone left without their transaction.
    bool locked = false;       ///< Rows may be locked for long: answer those changes `unavailable` and do the others.

    /// What is remembered of transactions may not be so: read them. Otherwise the server makes sure of it on its way,
    /// and does nothing if that was wrong.
    bool forgetful = false;
};

/// What one batch of changes does to the tables: first what has to be looked up, then what is to be written, a few
/// statements for all changes together. Does no I/O.
///
/// Rows are locked, and new gids taken, in the order of the gids: two batches never wait for each other in a circle.
class BatchPlan {
public:
    BatchPlan(std::span<const Mutation> batch, std::span<Outcome> outcomes, const sql::Limits& limits, Shared& shared,
              Caution caution);

    /// Begins the database transaction, locks the rows that will be changed, and reads what decides. None: nothing has
    /// to be looked up.
    std::vector<Query> look() const;

    /// False: what was remembered of some rows is not so any more, and has been forgotten. Begin again.
    bool learn(Replies& replies);

    /// Sets the outcomes that are known without writing, and says what is to be written; the last statement commits.
    /// None: nothing is.
    std::vector<Query> write();

    /// Sets the other outcomes, from the answers to that, and remembers the keys of the new rows.
    void settle(Replies& replies);

    /// Instead, after a failure of them that leaves open what has happened.
    void forget() const { recall_.forget(batch_); }

private:
    struct Insert {
        std::size_t index;  ///< Of its change.
        sql::Remembered row;
    };

    Outcome decide(std::size_t index);
    Outcome insert(std::size_t index);
    Outcome update(const Mutation& mutation);
    Outcome append(const Mutation& mutation);
    void remember(std::map<std::string, sql::RowIds> made);
    void gather_gids();
    Query make_sure() const;
    Outcome refuse(const std::string& gid, const std::string& why);

    Outcome not_expected(const std::string& gid) const;
    std::string why_refused(const std::vector<sql::BranchRow>& rows) const;
    static void set(std::map<std::string, Updates>& updates, std::int64_t id,
                    const std::vector<sql::Assignment>& assignments);

    const std::span<const Mutation> batch_;
    const std::span<Outcome> outcomes_;
    const sql::Limits& limits_;
    Shared& shared_;
    const Caution caution_;
    std::vector<std::string> gids_, gids_with_rows_;  ///< To be looked up.
    sql::Recall recall_;
    sql::StoredByGid stored_;                    ///< As it was read, or foretold.
    std::set<std::string, std::less<>> locked_;  ///< By someone else.

    GlobalArrays new_globals_;
    BranchArrays new_branches_, appended_;
    std::map<std::string_view, Insert> inserts_;                      ///< By gid.
    std::size_t insert_at_ = 0;                                       ///< Which answer says which gids were new.
    std::map<std::string, Updates> global_updates_, branch_updates_;  ///< By signature.
};

}  // namespace dtmd::store::postgres
