#include "store/postgres/backend_impl.h"
#include "store/postgres/columns.h"

#include <algorithm>
#include <map>

namespace dtmd::store::postgres {
namespace {

constexpr std::string_view is_unfinished = "status IN ('prepared','submitted','aborting')";

std::int64_t as_limit(std::size_t limit) { return static_cast<std::int64_t>(std::min<std::size_t>(limit, 1'000'000)); }

// The longest overdue of each status, each by its own walk along the index, so that only they are locked. Rows that
// another claimer has locked are passed by. $1: due, $2: lease, $3: limit.
std::string claim_text() {
    std::string text = "WITH ";
    std::string all;
    for (const std::string name : {"prepared", "submitted", "aborting"}) {
        text += name + " AS (SELECT id,next_cron_time FROM trans_global WHERE status='" + name +
                "' AND next_cron_time<=$1::timestamptz ORDER BY next_cron_time LIMIT $3::bigint "
                "FOR UPDATE SKIP LOCKED),";
        all += (all.empty() ? "SELECT * FROM " : " UNION ALL SELECT * FROM ") + name;
    }
    text += "due AS (" + all + " ORDER BY 2,1 LIMIT $3::bigint) UPDATE trans_global t SET next_cron_time=" +
            "$2::timestamptz FROM due WHERE t.id=due.id RETURNING due.next_cron_time,due.id";
    std::string_view columns = global_columns;
    while (!columns.empty()) {
        const auto comma = std::min(columns.find(','), columns.size());
        text.append(",t.").append(columns.substr(0, comma));
        columns.remove_prefix(std::min(comma + 1, columns.size()));
    }
    return text;
}

std::string next_due_text() {
    std::string text = "SELECT LEAST(";
    for (const std::string name : {"prepared", "submitted", "aborting"}) {
        if (name != "prepared") text += ",";
        text += "(SELECT min(next_cron_time) FROM trans_global WHERE status='" + name +
                "' AND next_cron_time>$1::timestamptz)";
    }
    return text + ")";
}

struct Claimed {
    Time due;
    std::int64_t id;
    sql::GlobalRow row;
};

std::vector<Claimed> read_claimed(Reply& reply) {
    std::vector<Claimed> claimed;
    while (reply.next()) {
        claimed.push_back({.due = reply.time(0), .id = reply.number(1), .row = read_global(reply, 2)});
    }
    std::ranges::sort(claimed, {}, [](const Claimed& one) { return std::pair(one.due, one.id); });
    return claimed;
}

}  // namespace

Result<Claims> PostgresBackend::claim_due(Time due, Time lease_until, std::size_t limit) {
    if (limit == 0) return Claims{};
    return transact<Claims>([&](Session& session) { return claim(session, due, lease_until, limit); });
}

Attempt<Claims> PostgresBackend::claim(Session& session, Time due, Time lease_until, std::size_t limit) {
    static const std::string claim_query = claim_text(), next_due_query = next_due_text();
    Query take{.text = claim_query};
    take.parameters.time(due).time(sql::second_after(lease_until)).number(as_limit(limit));
    const Query begin_and_take[] = {{.text = "BEGIN"}, std::move(take)};
    auto taken = session.run(begin_and_take);
    if (!taken) return taken.error();
    std::vector<Claimed> claimed = read_claimed((*taken)[1]);

    std::vector<std::string> gids;
    for (const Claimed& one : claimed) gids.push_back(one.row.gid);
    std::vector<Query> rest;
    if (claimed.size() < limit) {
        rest.push_back({.text = next_due_query});
        rest.back().parameters.time(due);
    }
    if (!claimed.empty()) {
        rest.push_back({.text = "SELECT " + std::string(branch_columns) +
                                " FROM trans_branch_op WHERE gid=ANY($1::text[]) ORDER BY id"});
        rest.back().parameters.texts(gids);
    }
    rest.push_back({.text = "COMMIT"});
    committing_ = !claimed.empty();
    auto replies = session.run(rest);
    if (!replies) return replies.error();

    Claims claims;
    if (Reply& next = replies->front(); claimed.size() < limit && next.next() && !next.is_null(0)) {
        claims.next_due = next.time(0);
    }
    if (claimed.empty()) return claims;
    claims.oldest_due = claimed.front().due;
    std::map<std::string, std::vector<sql::BranchRow>, std::less<>> branches;
    Reply& found = (*replies)[replies->size() - 2];
    while (found.next()) branches[std::string(found.text(0))].push_back(read_branch(found));
    for (Claimed& one : claimed) {
        const std::string gid = one.row.gid;
        auto transaction = sql::read_rows(std::move(one.row), std::move(branches[gid]));
        if (transaction) {
            claims.transactions.push_back(*std::move(transaction));
        } else {
            link_.shared().refuse(gid, transaction.error().what);
        }
    }
    return claims;
}

Result<std::pair<std::size_t, bool>> PostgresBackend::reset_due(Time later_than, Time now, std::size_t limit) {
    static const std::string text =
        "WITH far AS (SELECT id FROM trans_global WHERE " + std::string(is_unfinished) +
        " AND next_cron_time>$1::timestamptz LIMIT $3::bigint+1 FOR UPDATE), "
        "moved AS (UPDATE trans_global t SET owner=$4::text,next_cron_time=$2::timestamptz FROM (SELECT id FROM far "
        "LIMIT $3::bigint) "
        "f WHERE t.id=f.id RETURNING t.id) SELECT (SELECT count(*) FROM moved),(SELECT count(*) FROM far)";
    Query query{.text = text};
    query.parameters.time(later_than).time(sql::second_of(now)).number(as_limit(limit)).text(sql::new_owner());
    auto reply = change(query);
    if (!reply) return reply.error();
    if (!reply->next()) return std::pair(std::size_t{0}, false);
    const auto moved = static_cast<std::size_t>(reply->number(0));
    return std::pair(moved, reply->number(1) > reply->number(0));
}

// No index knows when a transaction ended, but its last lease, which is in the index, seldom ended before it did. So
// the walk is along what might be due to go, and the exact time decides.
Result<std::size_t> PostgresBackend::expire(Time finished_before, std::size_t limit) {
    static const std::string text = [] {
        std::string all = "WITH ";
        for (const std::string name : {"succeed", "failed"}) {
            all += name + " AS (SELECT id,gid FROM trans_global WHERE status='" + name +
                   "' AND next_cron_time<$1::timestamptz AND COALESCE(finish_time,rollback_time,update_time,"
                   "create_time)<$1::timestamptz ORDER BY next_cron_time LIMIT $2::bigint FOR UPDATE SKIP LOCKED),";
        }
        return all +
               "old AS (SELECT * FROM succeed UNION ALL SELECT * FROM failed LIMIT $2::bigint), "
               "removed AS (DELETE FROM trans_branch_op b USING old WHERE b.gid=old.gid RETURNING b.id), "
               "gone AS (DELETE FROM trans_global t USING old WHERE t.id=old.id RETURNING t.id) "
               "SELECT (SELECT count(*) FROM gone),(SELECT count(*) FROM removed)";
    }();
    Query query{.text = text};
    query.parameters.time(finished_before).number(as_limit(limit));
    auto reply = change(query);
    if (!reply) return reply.error();
    return reply->next() ? static_cast<std::size_t>(reply->number(0)) : 0;
}

}  // namespace dtmd::store::postgres
