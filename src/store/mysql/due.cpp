#include "store/mysql/backend_impl.h"

#include <algorithm>
#include <map>

namespace dtmd::store::mysql {
namespace {

constexpr std::string_view unfinished[] = {"prepared", "submitted", "aborting"};

constexpr std::string_view due_index = " FORCE INDEX (status_next_cron_time)";

std::string select_global(const Session& session) {
    std::string text = "SELECT ";
    text.append(global_columns).append(" FROM trans_global");
    // Left to itself, the optimizer walks and locks all of a small table.
    if (session.facts.has_due_index) text += due_index;
    return text;
}

std::vector<std::string> gids_of(const std::vector<sql::GlobalRow>& rows) {
    std::vector<std::string> gids;
    for (const auto& row : rows) gids.push_back(row.gid);
    return gids;
}

}  // namespace

Result<Claims> MySqlBackend::claim_due(Time due, Time lease_until, std::size_t limit) {
    if (limit == 0) return Claims{};
    return transact<Claims>([&](Session& session) { return claim(session, due, lease_until, limit); });
}

Attempt<Claims> MySqlBackend::claim(Session& session, Time due, Time lease_until, std::size_t limit) {
    auto rows = session.facts.skips_locked ? lock_due(session, due, limit) : mark_due(session, due, lease_until, limit);
    if (!rows) return rows.error();
    return complete(session, *std::move(rows), due, lease_until, limit);
}

// The longest overdue of each status, each by its own walk along the index, so that no more than `limit` rows are
// locked three times over. Rows that another claimer has locked are passed by.
Attempt<std::vector<sql::GlobalRow>> MySqlBackend::lock_due(Session& session, Time due, std::size_t limit) {
    Statements looks{"START TRANSACTION"};
    for (const auto status : unfinished) {
        Statement look = statement(session);
        look.raw(select_global(session)).raw(" WHERE status=").text(status);
        look.raw(" AND next_cron_time<=").time(sql::second_of(due)).raw(" ORDER BY next_cron_time LIMIT ");
        look.number(static_cast<std::int64_t>(limit)).raw(" FOR UPDATE SKIP LOCKED");
        looks.push_back(look.take());
    }
    auto replies = session.run(looks);
    if (!replies) return replies.error();
    std::vector<sql::GlobalRow> rows;
    for (Reply& reply : *replies) {
        while (reply.next()) rows.push_back(read_global(reply, 0, link_.shared().zone));
    }
    std::ranges::sort(rows, {}, &sql::GlobalRow::next_cron_time);
    if (rows.size() > limit) rows.resize(limit);
    return rows;
}

// For servers that can't pass by locked rows: an UPDATE takes them, marked with an owner nobody else has, one status
// after the other.
Attempt<std::vector<sql::GlobalRow>> MySqlBackend::mark_due(Session& session, Time due, Time lease_until,
                                                            std::size_t limit) {
    const std::string owner = sql::new_owner();
    Statements looks{"START TRANSACTION"};
    for (const auto status : unfinished) {
        Statement look = statement(session);
        look.raw("SELECT gid,next_cron_time FROM trans_global WHERE status=").text(status);
        look.raw(" AND next_cron_time<=").time(sql::second_of(due)).raw(" ORDER BY next_cron_time LIMIT ");
        look.number(static_cast<std::int64_t>(limit));
        looks.push_back(look.take());
    }
    auto replies = session.run(looks);
    if (!replies) return replies.error();
    std::vector<std::pair<Time, std::string>> seen;
    for (Reply& reply : *replies) {
        while (reply.next()) seen.emplace_back(link_.shared().zone.from_text(reply.text(1)), reply.text(0));
    }
    std::ranges::sort(seen, {}, &std::pair<Time, std::string>::first);
    if (seen.size() > limit) seen.resize(limit);
    if (seen.empty()) return std::vector<sql::GlobalRow>();

    std::vector<std::string> gids;
    std::map<std::string, Time> due_before;
    for (const auto& [when, gid] : seen) {
        gids.push_back(gid);
        due_before.emplace(gid, when);
    }
    Statement take = statement(session);
    take.raw("UPDATE trans_global SET owner=").text(owner).raw(",next_cron_time=");
    take.time(sql::second_after(lease_until)).raw(" WHERE gid IN ").list(gids);
    take.raw(" AND status IN ('prepared','submitted','aborting') AND next_cron_time<=").time(sql::second_of(due));
    Statement own = statement(session);
    own.raw("SELECT ").raw(global_columns).raw(" FROM trans_global WHERE owner=").text(owner);
    auto taken = session.run(Statements{take.take(), own.take()});
    if (!taken) return taken.error();
    std::vector<sql::GlobalRow> rows;
    Reply& reply = (*taken)[1];
    while (reply.next()) {
        rows.push_back(read_global(reply, 0, link_.shared().zone));
        rows.back().next_cron_time = due_before[rows.back().gid];
    }
    std::ranges::sort(rows, {}, &sql::GlobalRow::next_cron_time);
    return rows;
}

// Finds out what is due next, sets the leases, adds the branches, and commits.
Attempt<Claims> MySqlBackend::complete(Session& session, std::vector<sql::GlobalRow> rows, Time due, Time lease_until,
                                       std::size_t limit) {
    const Time lease = sql::second_after(lease_until);
    const bool is_all = rows.size() < limit;
    Statements last;
    for (const auto status : unfinished) {
        if (!is_all) break;
        Statement next = statement(session);
        next.raw("SELECT MIN(next_cron_time) FROM trans_global WHERE status=").text(status);
        next.raw(" AND next_cron_time>").time(sql::second_of(due));
        last.push_back(next.take());
    }
    if (!rows.empty()) {
        const auto gids = gids_of(rows);
        Statement take = statement(session), branches = statement(session);
        take.raw("UPDATE trans_global SET next_cron_time=").time(lease).raw(" WHERE gid IN ").list(gids);
        branches.raw("SELECT ").raw(branch_columns).raw(" FROM trans_branch_op WHERE gid IN ").list(gids);
        last.push_back(take.take());
        last.push_back(branches.raw(" ORDER BY id").take());
    }
    last.emplace_back("COMMIT");
    committing_ = !rows.empty();
    auto replies = session.run(last);
    if (!replies) return replies.error();

    Claims claims;
    for (Reply& reply : std::span(*replies).first(is_all ? std::size(unfinished) : 0)) {
        if (!reply.next() || reply.is_null(0)) continue;
        const Time next = link_.shared().zone.from_text(reply.text(0));
        claims.next_due = std::min(claims.next_due.value_or(next), next);
    }
    if (rows.empty()) return claims;
    claims.oldest_due = rows.front().next_cron_time;
    std::map<std::string, std::vector<sql::BranchRow>, std::less<>> branches;
    Reply& found = (*replies)[replies->size() - 2];
    while (found.next()) branches[std::string(found.text(0))].push_back(read_branch(found, 0, link_.shared().zone));
    for (sql::GlobalRow& row : rows) {
        const std::string gid = row.gid;
        row.next_cron_time = lease;
        auto transaction = sql::read_rows(std::move(row), std::move(branches[gid]));
        if (transaction) {
            claims.transactions.push_back(*std::move(transaction));
        } else {
            link_.shared().refuse(gid, transaction.error().what);
        }
    }
    return claims;
}

Result<std::pair<std::size_t, bool>> MySqlBackend::reset_due(Time later_than, Time now, std::size_t limit) {
    using Moved = std::pair<std::size_t, bool>;
    return transact<Moved>([&](Session& session) { return reset(session, later_than, now, limit); });
}

Attempt<std::pair<std::size_t, bool>> MySqlBackend::reset(Session& session, Time later_than, Time now,
                                                          std::size_t limit) {
    Statement look = statement(session);
    look.raw("SELECT id FROM trans_global");
    look.raw(" WHERE status IN ('prepared','submitted','aborting') AND next_cron_time>").time(later_than);
    look.raw(" LIMIT ").number(static_cast<std::int64_t>(limit) + 1).raw(" FOR UPDATE");
    auto replies = session.run(Statements{"START TRANSACTION", look.take()});
    if (!replies) return replies.error();
    std::vector<std::int64_t> ids;
    Reply& found = (*replies)[1];
    while (found.next()) ids.push_back(found.number(0));
    const bool has_more = ids.size() > limit;
    if (has_more) ids.resize(limit);

    Statements changes;
    if (!ids.empty()) {
        Statement move = statement(session);
        move.raw("UPDATE trans_global SET owner=").text(sql::new_owner()).raw(",next_cron_time=");
        move.time(sql::second_of(now)).raw(" WHERE id IN ").list(ids);
        changes.push_back(move.take());
    }
    changes.emplace_back("COMMIT");
    committing_ = !ids.empty();
    if (auto moved = session.run(changes); !moved) return moved.error();
    return std::pair(ids.size(), has_more);
}

Result<std::size_t> MySqlBackend::expire(Time finished_before, std::size_t limit) {
    return transact<std::size_t>([&](Session& session) { return remove(session, finished_before, limit); });
}

// No index knows when a transaction ended, but its last lease, which is in the index, seldom ended before it did. So
// the walk is along what might be due to go, and the exact time decides.
Attempt<std::size_t> MySqlBackend::remove(Session& session, Time finished_before, std::size_t limit) {
    Statements looks{"START TRANSACTION"};
    for (const std::string_view status : {"succeed", "failed"}) {
        Statement look = statement(session);
        look.raw("SELECT id,gid FROM trans_global");
        if (session.facts.has_due_index) look.raw(due_index);
        look.raw(" WHERE status=").text(status).raw(" AND next_cron_time<").time(finished_before);
        look.raw(" AND COALESCE(finish_time,rollback_time,update_time,create_time)<").time(finished_before);
        look.raw(" ORDER BY next_cron_time LIMIT ").number(static_cast<std::int64_t>(limit)).raw(" FOR UPDATE");
        if (session.facts.skips_locked) look.raw(" SKIP LOCKED");
        looks.push_back(look.take());
    }
    auto replies = session.run(looks);
    if (!replies) return replies.error();
    std::vector<std::int64_t> ids;
    std::vector<std::string> gids;
    for (Reply& reply : *replies) {
        while (ids.size() < limit && reply.next()) {
            ids.push_back(reply.number(0));
            gids.emplace_back(reply.text(1));
        }
    }
    Statements changes;
    if (!ids.empty()) {
        changes.push_back(statement(session).raw("DELETE FROM trans_branch_op WHERE gid IN ").list(gids).take());
        changes.push_back(statement(session).raw("DELETE FROM trans_global WHERE id IN ").list(ids).take());
    }
    changes.emplace_back("COMMIT");
    committing_ = !ids.empty();
    if (auto removed = session.run(changes); !removed) return removed.error();
    return ids.size();
}

}  // namespace dtmd::store::mysql
