#include "app/demo/barrier.h"

namespace dtmd::app {
namespace {

constexpr const char* table_sql =
    "create table if not exists barrier("
    "  id integer primary key autoincrement,"
    "  trans_type text not null,"
    "  gid text not null,"
    "  branch_id text not null,"
    "  op text not null,"
    "  barrier_id text not null,"
    "  reason text not null,"
    "  create_time text not null default current_timestamp,"
    "  unique(gid, branch_id, op, barrier_id))";

constexpr const char* insert_sql =
    "insert or ignore into barrier(trans_type, gid, branch_id, op, barrier_id, reason) values(?, ?, ?, ?, ?, ?)";

constexpr const char* reason_sql =
    "select reason from barrier where gid = ? and branch_id = ? and op = ? and barrier_id = ?";

// Op that `op` undoes, or empty.
std::string origin_of(const std::string& op) {
    if (op == "cancel") return "try";
    if (op == "compensate" || op == "rollback") return "action";
    return {};
}

// 1 if the note is new, 0 if it was there.
Result<int> take_note(Database& database, const BranchCall& call, const std::string& op, const std::string& barrier_id,
                      const std::string& reason) {
    Statement statement(database, insert_sql);
    statement.bind(call.trans_type).bind(call.gid).bind(call.branch_id).bind(op).bind(barrier_id).bind(reason);
    return statement.run();
}

std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

Result<void> Barrier::create_table(Database& database) { return database.execute(table_sql); }

Barrier::Barrier(Database& database, BranchCall call) : database_(database), call_(std::move(call)) {}

Result<Passage> Barrier::enter(const std::string& barrier_id) {
    const std::string origin = origin_of(call_.op);
    int origin_is_new = 0;
    if (!origin.empty()) {
        const auto noted = take_note(database_, call_, origin, barrier_id, call_.op);
        if (!noted) return noted.error();
        origin_is_new = *noted;
    }
    const auto noted = take_note(database_, call_, call_.op, barrier_id, call_.op);
    if (!noted) return noted.error();

    const bool is_new = *noted > 0;
    if (call_.op == "msg" && !is_new) return Passage::duplicated;
    // We have just taken the place of the forward call: it has not run, and if it comes late it finds itself noted.
    if (origin_is_new > 0) return Passage::null_compensation;
    if (!is_new) return Passage::repeated;
    return Passage::done;
}

Result<Passage> Barrier::run(const std::function<Result<void>(Database&)>& business) {
    if (call_.trans_type.empty() || call_.gid.empty() || call_.branch_id.empty() || call_.op.empty()) {
        return Error{Errc::invalid, "barrier: trans_type, gid, branch_id and op must all be given in the query"};
    }
    // Immediate: the write lock comes first, so of two calls at once the second sees all of the first one's notes.
    const auto begun = database_.execute("begin immediate");
    if (!begun) return begun.error();

    auto passage = enter(two_digits(++parts_));
    Result<void> finished;
    if (!passage)
        finished = passage.error();
    else if (*passage == Passage::done)
        finished = business(database_);
    if (finished) finished = database_.execute("commit");
    if (finished) return passage;

    // The error that brought us here is the one to report; SQLite rolls back by itself if even this fails.
    (void)database_.execute("rollback");
    return finished.error();
}

Result<bool> Barrier::was_committed(Database& database, const std::string& gid) {
    const BranchCall call{.trans_type = "msg", .gid = gid, .branch_id = "00", .op = "msg"};
    const auto noted = take_note(database, call, call.op, "01", "rollback");
    if (!noted) return noted.error();
    Statement statement(database, reason_sql);
    statement.bind(gid).bind(call.branch_id).bind(call.op).bind("01");
    const auto found = statement.step();
    if (!found) return found.error();
    return *found && statement.text(0) != "rollback";
}

}  // namespace dtmd::app
