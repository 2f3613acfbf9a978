#pragma once

#include "app/demo/database.h"

#include <functional>
#include <string>

// The sub-transaction barrier: what a service needs so that a coordinator may call it twice, late, or only to undo.
// Written so that it can be read as the reference for other languages and databases; only the SQL is SQLite's.
namespace dtmd::app {

/// Which call this is: the four query parameters that every branch call carries.
struct BranchCall {
    std::string trans_type, gid, branch_id, op;
};

/// What became of the business function behind the barrier.
enum class Passage {
    done,               ///< It ran and is committed.
    null_compensation,  ///< Not run: what it would undo never ran, and now never will. Answer success.
    repeated,           ///< Not run: it ran before, or its undoing was here first (hanging). Answer success.
    duplicated,         ///< op msg only. Not run: the message's local transaction was decided before.
};

/// Guards one call. Keeps its notes in table `barrier` of the business's own database, in the same database
/// transaction as the business function, so either both happened or neither did.
class Barrier {
public:
    /// Creates the table if there is none.
    static Result<void> create_table(Database& database);

    Barrier(Database& database, BranchCall call);

    /// Runs `business` at most once per call, inside a transaction; if it fails, its error is returned and nothing is
    /// kept, not even the note that it was tried. A branch that has several parts calls this several times, always in
    /// the same order.
    /// Errors: those of `business`; `invalid` if one of the four parameters is empty; `unavailable` from the database.
    Result<Passage> run(const std::function<Result<void>(Database&)>& business);

    /// Whether the local transaction of message `gid` was committed. If it was not, it never will be: the barrier is
    /// closed behind this question.
    static Result<bool> was_committed(Database& database, const std::string& gid);

private:
    Result<Passage> enter(const std::string& barrier_id);

    Database& database_;
    BranchCall call_;
    int parts_ = 0;
};

}  // namespace dtmd::app
