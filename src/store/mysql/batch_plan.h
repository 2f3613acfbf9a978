#pragma once

#include "store/mysql/link.h"
#include "store/mysql/statement.h"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace dtmd::store::mysql {

/// What a plan looks at before it decides.
struct LookHow {
    /// Also whether the gids to be inserted exist. Without it the plan counts on new gids, and the server's
    /// duplicate-key error says when that was wrong.
    bool for_new_gids = false;

    /// Rows that someone else has locked are passed by; their changes are answered `unavailable`, the others are made.
    bool past_locked = false;

    /// Transactions that must be as they are remembered are not read: the server makes sure of them on its way, and
    /// does nothing if that was wrong.
    bool trusts_memory = true;
};

/// What one batch of changes does to the tables: first what has to be looked up, then an outcome for each change, then
/// a few statements for all of them together. Does no I/O.
///
/// Changes that do the same to different rows share one UPDATE: in a batch most are "it succeeded in this second".
class BatchPlan {
public:
    BatchPlan(std::span<const Mutation> batch, std::span<Outcome> outcomes, const Session& session, Shared& shared,
              LookHow how);

    /// Nothing has to be looked up: all is new, or foretold.
    bool is_blind() const { return gids_.empty(); }

    /// Begins the database transaction, locks the rows that will be changed, and reads what decides.
    Statements look() const;

    /// False: what was remembered of some rows is not so any more, and has been forgotten. Begin again.
    bool learn(Replies& replies);

    /// Sets every outcome and gathers what is to be written.
    void decide();

    /// What is to be written; the last one commits. None: nothing is.
    Statements changes();

    /// After the commit of `changes`: remembers the keys of the new rows, or forgets what is of no use any more.
    void settle(const Replies& replies);

    /// After a failure of them that leaves open what has happened.
    void forget() const { recall_.forget(batch_); }

    /// Branch rows that were inserted, or global ones, in the order of their keys, if those are as consecutive as is
    /// expected. None: there were too few to tell.
    struct NewRow {
        std::string gid, branch_id, op;  ///< The latter two are empty for a global row.
        std::int64_t id;
        bool operator==(const NewRow&) const = default;
    };
    std::vector<NewRow> expected_rows(const Replies& replies) const;

private:
    using Ids = std::vector<std::int64_t>;
    struct Inserted {
        const Mutation* mutation;
        sql::Remembered row;
        std::size_t global, branches;  ///< Where its rows begin among all that are inserted.
    };

    Outcome decide(const Mutation& mutation);
    Outcome insert(const Mutation& mutation);
    Outcome update(const Mutation& mutation);
    Outcome append(const Mutation& mutation);
    bool are_counted() const { return globals_at_ && (branches_at_ || branch_values_.empty()); }
    Outcome refuse(const std::string& gid, const std::string& why);

    Statement statement() const { return Statement(session_, shared_.zone); }
    std::size_t extra_bytes() const { return session_.facts.limits.extra_bytes(); }
    void gather_gids(LookHow how);
    std::string make_sure() const;
    std::string assign(const std::vector<sql::Assignment>& assignments) const;
    std::string add_branches(const std::string& gid, const std::vector<txn::Branch>& branches,
                             std::vector<std::string>& values) const;
    bool fits(const std::string& text) const;
    std::optional<std::size_t> add_inserts(Statements& out, std::string_view table, std::string_view columns,
                                           const std::vector<std::string>& values) const;

    const std::span<const Mutation> batch_;
    const std::span<Outcome> outcomes_;
    const Session& session_;
    Shared& shared_;
    std::vector<std::string> gids_, gids_with_rows_;  ///< To be looked up.
    const bool past_locked_;
    sql::Recall recall_;
    sql::StoredByGid stored_;  ///< As it was read, or foretold.
    std::set<std::string, std::less<>> locked_;

    Ids left_behind_;  ///< Rows of transactions that someone removed without them.
    std::vector<std::string> global_values_, branch_values_;
    std::vector<Inserted> inserted_;
    std::optional<std::size_t> globals_at_, branches_at_;         ///< Their statements, if each is a single one.
    std::map<std::string, Ids> global_updates_, branch_updates_;  ///< By what they set.
};

}  // namespace dtmd::store::mysql
