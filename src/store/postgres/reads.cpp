#include "store/postgres/backend_impl.h"
#include "store/postgres/columns.h"
#include "store/sql/position.h"

#include <algorithm>

namespace dtmd::store::postgres {
namespace {

// What one call may look at, so that a filter that matches next to nothing doesn't hold a scanner for long.
constexpr std::int64_t list_effort = 20'000;

// Beyond so many unfinished ones the oldest is not looked for, and beyond the second bound they are not counted.
constexpr std::int64_t exact_count = 20'000, most_counted = 1'000'000;

constexpr std::size_t longest_page = 100'000;

constexpr std::int64_t last_id = INT64_MAX;

constexpr int global_id = 17, branch_id = 9;  // Behind global_columns, and branch_columns.

// Conditions with their parameters, from $1 on.
class Conditions {
public:
    explicit Conditions(std::int64_t before) { query_.parameters.number(before); }

    void add(std::string_view column, std::string_view comparison, std::string_view text) {
        query_.parameters.text(text);
        name(column, comparison, "::text");
    }
    void add(std::string_view column, std::string_view comparison, Time moment) {
        query_.parameters.time(moment);
        name(column, comparison, "::timestamptz");
    }

    Query take(std::string_view head, std::string_view tail) && {
        query_.text = std::string(head) + where_ + std::string(tail);
        return std::move(query_);
    }

private:
    void name(std::string_view column, std::string_view comparison, std::string_view type) {
        const auto number = std::to_string(query_.parameters.wire().size());
        where_.append(" AND ").append(column).append(comparison).append("$").append(number).append(type);
    }

    Query query_;
    std::string where_;
};

bool filters(const Filter& filter) { return filter.mode || filter.status || filter.created_from || filter.created_to; }

Query listing(const Filter& filter, std::int64_t before, std::size_t limit) {
    Conditions conditions(before);
    if (filter.mode) conditions.add("trans_type", "=", txn::name(*filter.mode));
    if (filter.status) conditions.add("status", "=", txn::name(*filter.status));
    if (filter.created_from) conditions.add("create_time", ">=", sql::second_of(*filter.created_from));
    if (filter.created_to) conditions.add("create_time", "<=", sql::second_of(*filter.created_to));
    std::string head = "SELECT " + std::string(global_columns) + ",id FROM trans_global WHERE id<$1::bigint";
    if (filters(filter)) {
        head += " AND id>=COALESCE((SELECT id FROM trans_global WHERE id<$1::bigint ORDER BY id DESC LIMIT 1 OFFSET " +
                std::to_string(list_effort) + "),0)";
    }
    return std::move(conditions).take(head, " ORDER BY id DESC LIMIT " + std::to_string(limit + 1));
}

// Where a listing has to stop because it has looked at enough; no row: it need not.
Query effort_ends(std::int64_t before) {
    Query query{.text = "SELECT id FROM trans_global WHERE id<$1::bigint ORDER BY id DESC LIMIT 1 OFFSET " +
                        std::to_string(list_effort)};
    query.parameters.number(before);
    return query;
}

}  // namespace

// In one snapshot, so that a transaction and its branches are of one moment.
Result<std::optional<txn::Transaction>> PostgresBackend::load(const std::string& gid) {
    if (!sql::is_text(gid)) return std::optional<txn::Transaction>();
    const auto of_gid = [&](std::string_view columns, std::string_view rest) {
        Query query{.text = "SELECT " + std::string(columns) + std::string(rest)};
        query.parameters.text(gid);
        return query;
    };
    const Query queries[] = {{.text = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"},
                             of_gid(global_columns, ",id FROM trans_global WHERE gid=$1::text"),
                             of_gid(branch_columns, ",id FROM trans_branch_op WHERE gid=$1::text ORDER BY id"),
                             {.text = "COMMIT"}};
    auto replies = link_.read(queries);
    if (!replies) return replies.error();
    Reply& global = (*replies)[1];
    if (!global.next()) return std::optional<txn::Transaction>();
    sql::RowIds ids{.global = global.number(global_id), .branches = {}};
    std::vector<sql::BranchRow> branches;
    Reply& found = (*replies)[2];
    branches.reserve(found.size());
    while (found.next()) {
        branches.push_back(read_branch(found));
        ids.branches.push_back(found.number(branch_id));
    }
    link_.shared().memory.learn_rows(gid, ids);
    auto transaction = sql::read_rows(read_global(global), std::move(branches));
    if (!transaction) return transaction.error();
    return std::optional(*std::move(transaction));
}

Result<Page> PostgresBackend::list(const Filter& filter, const std::string& position, std::size_t limit) {
    const auto given = sql::position_id(position);
    if (!given) return given.error();
    const std::int64_t before = position.empty() ? last_id : *given;
    limit = std::min(limit, longest_page);
    std::vector<Query> queries;
    queries.push_back(listing(filter, before, limit));
    if (filters(filter)) queries.push_back(effort_ends(before));
    auto replies = link_.read(queries);
    if (!replies) return replies.error();

    Page page;
    Reply& found = replies->front();
    std::int64_t last = 0;
    for (std::size_t count = 0; found.next(); ++count) {
        if (count == limit) {
            page.next_position = std::to_string(last);
            return page;
        }
        last = found.number(global_id);
        auto row = read_global(found);
        const std::string gid = row.gid;
        auto transaction = sql::read_rows(std::move(row), {});
        if (transaction) {
            page.transactions.push_back(*std::move(transaction));
        } else {
            link_.shared().refuse(gid, transaction.error().what);
        }
    }
    if (filters(filter) && replies->back().next()) page.next_position = std::to_string(replies->back().number(0));
    return page;
}

Result<Counts> PostgresBackend::counts() {
    const auto text = [](std::string_view what, std::string_view from, std::int64_t most) {
        return "SELECT " + std::string(what) + " FROM (SELECT " + std::string(from) +
               " FROM trans_global WHERE status IN ('prepared','submitted','aborting') LIMIT " + std::to_string(most) +
               ") t";
    };
    auto few = link_.read({.text = text("count(*),min(create_time)", "create_time", exact_count)});
    if (!few) return few.error();
    Counts counts;
    if (!few->next() || few->number(0) == 0) return counts;
    counts.unfinished = static_cast<std::uint64_t>(few->number(0));
    if (few->number(0) < exact_count) {
        if (!few->is_null(1)) counts.oldest_unfinished = few->time(1);
        return counts;
    }
    auto many = link_.read({.text = text("count(*)", "1", most_counted)});
    if (!many) return many.error();
    if (many->next()) counts.unfinished = static_cast<std::uint64_t>(many->number(0));
    return counts;
}

Result<std::optional<Time>> PostgresBackend::clock() {
    auto reply = link_.read({.text = "SELECT clock_timestamp()"});
    if (!reply) return reply.error();
    if (!reply->next()) return std::optional<Time>();
    return std::optional(reply->time(0));
}

Result<void> PostgresBackend::ping() {
    auto reply = link_.read({.text = "SELECT pg_is_in_recovery(),current_setting('transaction_read_only')"});
    if (!reply) return reply.error();
    if (reply->next() && !reply->flag(0) && reply->text(1) != "on") return {};
    return link_.failed({.fault = Fault::demoted,
                         .code = "25006",
                         .what = "The database has become read-only; dtmd looks for a host that takes changes."},
                        false);
}

}  // namespace dtmd::store::postgres
