#include "store/mysql/backend_impl.h"
#include "store/mysql/position.h"

#include <algorithm>

namespace dtmd::store::mysql {
namespace {

// Beyond this many unfinished transactions the oldest is told by its id, which the index knows, not by its time.
constexpr std::int64_t exact_count = 20'000;

constexpr std::size_t longest_page = 100'000;

constexpr std::size_t global_id = 17, branch_id = 9;  // Behind global_columns, and branch_columns.

const std::string of_unfinished = " FROM trans_global WHERE status IN ('prepared','submitted','aborting')";

}  // namespace

Result<std::optional<txn::Transaction>> MySqlBackend::load(const std::string& gid) {
    if (!sql::is_text(gid)) return std::optional<txn::Transaction>();
    const auto session = link_.get();
    if (!session) return session.error();
    Statement look = statement(**session);
    look.raw("SELECT ").raw(global_columns).raw(",id FROM trans_global WHERE gid=").text(gid);
    look.raw(";SELECT ").raw(branch_columns).raw(",id FROM trans_branch_op WHERE gid=").text(gid).raw(" ORDER BY id");
    auto replies = link_.read(look.take());
    if (!replies) return replies.error();

    Reply& global = (*replies)[0];
    if (!global.next()) return std::optional<txn::Transaction>();
    sql::GlobalRow row = read_global(global, 0, link_.shared().zone);
    if (row.gid != gid) return std::optional<txn::Transaction>();  // A collation that takes both for the same.
    sql::RowIds ids{.global = global.number(global_id), .branches = {}};
    std::vector<sql::BranchRow> branches;
    Reply& found = (*replies)[1];
    branches.reserve(found.size());
    while (found.next()) {
        branches.push_back(read_branch(found, 0, link_.shared().zone));
        ids.branches.push_back(found.number(branch_id));
    }
    link_.shared().memory.learn_rows(gid, ids);
    auto transaction = sql::read_rows(std::move(row), std::move(branches));
    if (!transaction) return transaction.error();
    return std::optional(*std::move(transaction));
}

Result<Page> MySqlBackend::list(const Filter& filter, const std::string& position, std::size_t limit) {
    const auto before = position_id(position);
    if (!before) return before.error();
    limit = std::min(limit, longest_page);
    const auto session = link_.get();
    if (!session) return session.error();
    Statement look = statement(**session);
    look.raw("SELECT ").raw(global_columns).raw(",id FROM trans_global WHERE ");
    look.raw(position.empty() ? "TRUE" : "id<" + std::to_string(*before));
    if (filter.mode) look.raw(" AND trans_type=").text(txn::name(*filter.mode));
    if (filter.status) look.raw(" AND status=").text(txn::name(*filter.status));
    if (filter.created_from) look.raw(" AND create_time>=").time(sql::second_of(*filter.created_from));
    if (filter.created_to) look.raw(" AND create_time<=").time(sql::second_of(*filter.created_to));
    look.raw(" ORDER BY id DESC LIMIT ").number(static_cast<std::int64_t>(limit) + 1);
    auto replies = link_.read(look.take());
    if (!replies) return replies.error();

    Page page;
    Reply& found = (*replies)[0];
    std::int64_t last = 0;
    for (std::size_t count = 0; found.next(); ++count) {
        if (count == limit) {
            page.next_position = std::to_string(last);
            break;
        }
        last = found.number(global_id);
        auto row = read_global(found, 0, link_.shared().zone);
        const std::string gid = row.gid;
        auto transaction = sql::read_rows(std::move(row), {});
        if (transaction) {
            page.transactions.push_back(*std::move(transaction));
        } else {
            link_.shared().refuse(gid, transaction.error().what);
        }
    }
    return page;
}

Result<Counts> MySqlBackend::counts() {
    auto replies = link_.read("SELECT COUNT(*),MIN(id)" + of_unfinished);
    if (!replies) return replies.error();
    Reply& found = (*replies)[0];
    Counts counts;
    if (!found.next() || found.number(0) == 0) return counts;
    counts.unfinished = static_cast<std::uint64_t>(found.number(0));
    auto oldest = link_.read(found.number(0) <= exact_count
                                 ? "SELECT MIN(create_time)" + of_unfinished
                                 : "SELECT create_time FROM trans_global WHERE id=" + std::to_string(found.number(1)));
    if (!oldest) return oldest.error();
    Reply& time = (*oldest)[0];
    if (time.next() && !time.is_null(0)) counts.oldest_unfinished = link_.shared().zone.from_text(time.text(0));
    return counts;
}

Result<std::optional<Time>> MySqlBackend::clock() {
    auto replies = link_.read("SELECT FLOOR(UNIX_TIMESTAMP(NOW(3))*1000)");
    if (!replies) return replies.error();
    Reply& found = (*replies)[0];
    if (!found.next()) return std::optional<Time>();
    return std::optional(Time(Millis(found.number(0))));
}

Result<void> MySqlBackend::ping() {
    auto replies = link_.read("SELECT @@global.read_only");
    if (!replies) return replies.error();
    Reply& found = (*replies)[0];
    const bool is_writable = found.next() && (found.text(0) == "0" || found.text(0) == "OFF");
    if (is_writable) return {};
    // A user with all rights can write to a demoted server without noticing.
    return link_.failed({.fault = Fault::demoted,
                         .code = 0,
                         .what = "The database has become read-only; dtmd looks for a host that takes changes."},
                        false);
}

}  // namespace dtmd::store::mysql
