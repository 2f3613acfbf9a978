#include "store/postgres/batch_plan.h"

#include <algorithm>
#include <numeric>

namespace dtmd::store::postgres {
namespace {

std::vector<sql::BranchRow> rows_of(const std::string& gid, const std::vector<txn::Branch>& branches) {
    std::vector<sql::BranchRow> rows;
    for (const txn::Branch& branch : branches) rows.push_back(sql::branch_row(gid, branch));
    return rows;
}

Query with_texts(std::string text, const std::vector<std::string>& texts) {
    Query query{.text = std::move(text)};
    query.parameters.texts(texts);
    return query;
}

}  // namespace

BatchPlan::BatchPlan(std::span<const Mutation> batch, std::span<Outcome> outcomes, const sql::Limits& limits,
                     Shared& shared, Caution caution)
    : batch_(batch), outcomes_(outcomes), limits_(limits), shared_(shared), caution_(caution), recall_(shared.memory) {
    auto foretold = caution.forgetful ? std::nullopt : recall_.foretell(batch);
    if (foretold) {
        stored_ = *std::move(foretold);
    } else {
        gather_gids();
    }
}

void BatchPlan::gather_gids() {
    for (const Mutation& mutation : batch_) {
        if (mutation.change == Change::insert || !sql::is_text(mutation.gid)) continue;
        gids_.push_back(mutation.gid);
        const bool needs_all_rows = mutation.change == Change::append;
        if (needs_all_rows || !recall_.knows_rows_of(mutation)) gids_with_rows_.push_back(mutation.gid);
    }
}

std::vector<Query> BatchPlan::look() const {
    std::vector<Query> queries;
    if (gids_.empty()) return queries;
    std::string globals =
        "SELECT gid,id,status,trans_type,owner,options,ext_data,next_cron_time FROM trans_global WHERE "
        "gid=ANY($1::text[]) "
        "ORDER BY gid "
        "FOR UPDATE";
    if (caution_.locked) globals += " SKIP LOCKED";
    queries.push_back({.text = "BEGIN"});
    queries.push_back(with_texts(std::move(globals), gids_));
    if (!gids_with_rows_.empty()) {
        queries.push_back(with_texts(
            "SELECT gid,id,branch_id,op FROM trans_branch_op WHERE gid=ANY($1::text[]) ORDER BY id", gids_with_rows_));
    }
    if (caution_.locked) {
        queries.push_back(with_texts("SELECT gid FROM trans_global WHERE gid=ANY($1::text[])", gids_));
    }
    return queries;
}

// Locks what is foretold, and divides by zero where it is not so.
Query BatchPlan::make_sure() const {
    Query query{
        .text =
            "SELECT 1/(count(*)=$1)::int FROM (SELECT FROM trans_global g JOIN "
            "unnest($2::bigint[],$3::text[],$4::text[],$5::timestamptz[],$6::text[]) AS e(id,gid,status,lease,owner) "
            "ON g.id=e.id AND g.gid=e.gid AND g.status=e.status AND g.next_cron_time=e.lease AND g.owner=e.owner "
            "ORDER BY g.gid FOR UPDATE OF g) AS sure"};
    Array ids(Array::Type::number), gids(Array::Type::text), statuses(Array::Type::text), leases(Array::Type::time),
        owners(Array::Type::text);
    for (const auto& [gid, stored] : stored_) {
        ids.add(stored.id);
        gids.add(std::string_view(gid));
        statuses.add(std::string_view(stored.status));
        leases.add(stored.lease);
        owners.add(std::string_view(stored.owner));
    }
    query.parameters.number(static_cast<std::int64_t>(stored_.size()));
    query.parameters.array(ids).array(gids).array(statuses).array(leases).array(owners);
    return query;
}

bool BatchPlan::learn(Replies& replies) {
    Reply& globals = replies[1];
    while (globals.next()) {
        sql::Stored& stored = stored_[std::string(globals.text(0))];
        stored.id = globals.number(1);
        stored.status = globals.text(2);
        stored.mode = globals.text(3);
        stored.owner = globals.text(4);
        stored.options = globals.text(5);
        stored.ext_data = globals.text(6);
        stored.lease = globals.time(7);
    }
    if (caution_.locked) {
        Reply& all = replies.back();
        while (all.next()) {
            if (!stored_.contains(all.text(0))) locked_.emplace(all.text(0));
        }
    }
    if (!recall_.complete(stored_)) return false;
    if (gids_with_rows_.empty()) return true;
    Reply& rows = replies[2];
    while (rows.next()) {
        const auto stored = stored_.find(rows.text(0));
        if (stored == stored_.end()) continue;
        stored->second.rows.push_back(
            {.id = rows.number(1), .branch_id = std::string(rows.text(2)), .op = std::string(rows.text(3))});
    }
    return true;
}

std::vector<Query> BatchPlan::write() {
    std::vector<std::size_t> order(batch_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) -> const std::string& { return batch_[i].gid; });
    for (const std::size_t i : order) outcomes_[i] = decide(i);

    std::vector<Query> queries;
    if (!appended_.empty()) queries.push_back(insert_branches(appended_));
    for (const auto& [signature, updates] : global_updates_) queries.push_back(updates.query("trans_global"));
    for (const auto& [signature, updates] : branch_updates_) queries.push_back(updates.query("trans_branch_op"));
    if (!new_globals_.empty() && caution_.left_behind) {
        std::vector<std::string> gids;
        for (const auto& [gid, inserted] : inserts_) gids.emplace_back(gid);
        queries.push_back(
            with_texts("DELETE FROM trans_branch_op b WHERE b.gid=ANY($1::text[]) AND NOT EXISTS "
                       "(SELECT 1 FROM trans_global g WHERE g.gid=b.gid)",
                       gids));
    }
    if (!new_globals_.empty()) queries.push_back(insert_transactions(new_globals_, new_branches_));
    const bool is_foretold = gids_.empty() && !stored_.empty();
    if (queries.empty() && !is_foretold) return queries;

    std::vector<Query> all;
    if (gids_.empty()) all.push_back({.text = "BEGIN"});
    if (is_foretold) all.push_back(make_sure());
    std::ranges::move(queries, std::back_inserter(all));
    insert_at_ = all.size() - 1;
    all.push_back({.text = "COMMIT"});
    return all;
}

void BatchPlan::settle(Replies& replies) {
    recall_.settle(batch_, outcomes_, stored_);
    if (new_globals_.empty()) return;
    for (const auto& [gid, inserted] : inserts_) outcomes_[inserted.index] = Outcome::conflict;
    Reply& made = replies[insert_at_];
    std::map<std::string, sql::RowIds> ids;
    while (made.next()) {
        const auto found = inserts_.find(made.text(0));
        if (found == inserts_.end()) continue;
        outcomes_[found->second.index] = Outcome::ok;
        sql::RowIds& of_gid = ids[std::string(made.text(0))];
        if (made.number(2) == 0) {
            of_gid.global = made.number(1);
        } else {
            of_gid.branches.push_back(made.number(1));
        }
    }
    remember(std::move(ids));
}

void BatchPlan::remember(std::map<std::string, sql::RowIds> made) {
    for (auto& [gid, ids] : made) {
        Insert& inserted = inserts_.at(gid);
        std::ranges::sort(ids.branches);
        inserted.row.ids = std::move(ids);
        shared_.memory.remember(gid, std::move(inserted.row));
    }
}

Outcome BatchPlan::decide(std::size_t index) {
    const Mutation& mutation = batch_[index];
    switch (mutation.change) {
        case Change::insert: return insert(index);
        case Change::update: return update(mutation);
        case Change::append: return append(mutation);
    }
    __builtin_unreachable();
}

// `unavailable`, since it certainly did not happen; the refusal says why, and that repeating it is no use.
Outcome BatchPlan::refuse(const std::string& gid, const std::string& why) {
    shared_.refuse(gid, why);
    return Outcome::unavailable;
}

Outcome BatchPlan::not_expected(const std::string& gid) const {
    return locked_.contains(gid) ? Outcome::unavailable : Outcome::not_found;
}

// Empty, or why not.
std::string BatchPlan::why_refused(const std::vector<sql::BranchRow>& rows) const {
    for (const sql::BranchRow& row : rows) {
        if (auto why = sql::why_refused(row, limits_); !why.empty()) return why;
    }
    return {};
}

// `unknown` until the server has said whether the gid is new.
Outcome BatchPlan::insert(std::size_t index) {
    const Mutation& mutation = batch_[index];
    sql::GlobalRow row = sql::global_row(mutation.record, limits_.extra_bytes());
    sql::shorten(row, limits_);
    if (const auto why = sql::why_refused(row, limits_); !why.empty()) return refuse(mutation.gid, why);
    if (sql::has_doubles(mutation.record.branches)) {
        return refuse(mutation.gid, "two of its branches have the same branch_id and op");
    }
    const auto rows = rows_of(mutation.gid, mutation.record.branches);
    if (const auto why = why_refused(rows); !why.empty()) return refuse(mutation.gid, why);
    new_globals_.add(row);
    for (const sql::BranchRow& branch : rows) new_branches_.add(branch);
    inserts_.emplace(mutation.gid, Insert{.index = index, .row = sql::remembered(std::move(row))});
    return Outcome::unknown;
}

Outcome BatchPlan::update(const Mutation& mutation) {
    sql::Stored* const stored = sql::find_expected(stored_, mutation);
    if (stored == nullptr) return not_expected(mutation.gid);
    const Patch& patch = mutation.patch;
    if (std::ranges::any_of(patch.rows, [&](const RowPatch& row) { return row.row >= stored->rows.size(); })) {
        return Outcome::not_found;
    }
    auto assignments = sql::change(*stored, patch, limits_.extra_bytes());
    if (const auto why = sql::why_refused(assignments, limits_); !why.empty()) return refuse(mutation.gid, why);
    set(global_updates_, stored->id, assignments);
    for (const RowPatch& row : patch.rows) set(branch_updates_, stored->rows[row.row].id, sql::assignments(row));
    return Outcome::ok;
}

Outcome BatchPlan::append(const Mutation& mutation) {
    sql::Stored* const stored = sql::find_expected(stored_, mutation);
    if (stored == nullptr) return not_expected(mutation.gid);
    if (sql::has_conflict(*stored, mutation.branches)) return Outcome::conflict;
    const auto rows = rows_of(mutation.gid, mutation.branches);
    if (const auto why = why_refused(rows); !why.empty()) return refuse(mutation.gid, why);

    const Patch evidence = sql::evidence_of(mutation.branches, stored->rows.size());
    set(global_updates_, stored->id, sql::change(*stored, evidence, limits_.extra_bytes()));
    for (const sql::BranchRow& row : rows) appended_.add(row);
    return Outcome::ok;
}

void BatchPlan::set(std::map<std::string, Updates>& updates, std::int64_t id,
                    const std::vector<sql::Assignment>& assignments) {
    if (assignments.empty()) return;
    const auto [found, is_new] = updates.try_emplace(signature(assignments), assignments);
    found->second.add(id, assignments);
}

}  // namespace dtmd::store::postgres
