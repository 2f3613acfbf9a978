#include "store/mysql/batch_plan.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

namespace dtmd::store::mysql {
namespace {

// A multi-row statement gains nothing beyond this size.
constexpr std::size_t statement_bytes = 512 << 10;

// What stands around one row: INSERT INTO, columns, COMMIT.
constexpr std::size_t around_row = 1 << 10;

}  // namespace

BatchPlan::BatchPlan(std::span<const Mutation> batch, std::span<Outcome> outcomes, const Session& session,
                     Shared& shared, LookHow how)
    : batch_(batch),
      outcomes_(outcomes),
      session_(session),
      shared_(shared),
      past_locked_(how.past_locked),
      recall_(shared.memory) {
    const bool may_foretell = how.trusts_memory && session.facts.counting == ServerFacts::Counting::proven;
    auto foretold = may_foretell ? recall_.foretell(batch) : std::nullopt;
    if (foretold) {
        stored_ = *std::move(foretold);
    } else {
        gather_gids(how);
    }
}

void BatchPlan::gather_gids(LookHow how) {
    const bool has_changes =
        std::ranges::any_of(batch_, [](const Mutation& mutation) { return mutation.change != Change::insert; });
    for (const Mutation& mutation : batch_) {
        const bool is_insert = mutation.change == Change::insert;
        if ((is_insert && !how.for_new_gids && !has_changes) || !sql::is_text(mutation.gid)) continue;
        gids_.push_back(mutation.gid);
        const bool needs_all_rows = mutation.change == Change::append || (is_insert && how.for_new_gids);
        if (needs_all_rows || !recall_.knows_rows_of(mutation)) gids_with_rows_.push_back(mutation.gid);
    }
}

Statements BatchPlan::look() const {
    Statement globals = statement();
    globals.raw(
        "SELECT gid,id,status,trans_type,owner,options,ext_data,next_cron_time FROM trans_global WHERE gid IN ");
    globals.list(gids_).raw(past_locked_ ? " FOR UPDATE SKIP LOCKED" : " FOR UPDATE");
    Statements all{"START TRANSACTION", globals.take()};
    if (past_locked_) all.push_back(statement().raw("SELECT gid FROM trans_global WHERE gid IN ").list(gids_).take());
    if (gids_with_rows_.empty()) return all;
    Statement rows = statement();
    rows.raw("SELECT gid,id,branch_id,op FROM trans_branch_op WHERE gid IN ").list(gids_with_rows_);
    all.push_back(rows.take());
    return all;
}

// Locks what is foretold, and fails where it is not so: EXP of 710 is out of range on every server.
std::string BatchPlan::make_sure() const {
    std::map<std::tuple<std::string_view, std::string_view, Time>, std::pair<Ids, std::vector<std::string>>> alike;
    for (const auto& [gid, stored] : stored_) {
        auto& [ids, gids] = alike[{stored.status, stored.owner, stored.lease}];
        ids.push_back(stored.id);
        gids.push_back(gid);
    }
    Statement out = statement();
    out.raw("SELECT EXP(IF(COUNT(*)=").number(static_cast<std::int64_t>(stored_.size()));
    out.raw(",0,710)) FROM trans_global FORCE INDEX (PRIMARY) WHERE ");
    std::string_view before;
    for (const auto& [same, rows] : alike) {
        const auto& [status, owner, lease] = same;
        out.raw(std::exchange(before, " OR ")).raw("(id IN ").list(rows.first).raw(" AND gid IN ").list(rows.second);
        out.raw(" AND status=").text(status).raw(" AND owner=").text(owner);
        out.raw(" AND next_cron_time=").time(lease).raw(")");
    }
    return out.raw(" FOR UPDATE").take();
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
        stored.lease = shared_.zone.from_text(globals.text(7));
    }
    if (past_locked_) {
        Reply& there = replies[2];
        while (there.next()) {
            std::string gid(there.text(0));
            if (!stored_.contains(gid)) locked_.insert(std::move(gid));
        }
    }
    if (!recall_.complete(stored_)) return false;
    if (gids_with_rows_.empty()) return true;
    Reply& rows = replies.back();
    while (rows.next()) {
        stored_[std::string(rows.text(0))].rows.push_back(
            {.id = rows.number(1), .branch_id = std::string(rows.text(2)), .op = std::string(rows.text(3))});
    }
    for (auto& [gid, stored] : stored_) std::ranges::sort(stored.rows, {}, &sql::StoredRow::id);
    return true;
}

void BatchPlan::decide() {
    for (std::size_t i = 0; i < batch_.size(); ++i) outcomes_[i] = decide(batch_[i]);
}

Outcome BatchPlan::decide(const Mutation& mutation) {
    if (locked_.contains(mutation.gid)) return Outcome::unavailable;
    switch (mutation.change) {
        case Change::insert: return insert(mutation);
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

bool BatchPlan::fits(const std::string& text) const { return text.size() + around_row <= session_.facts.packet_bytes; }

// Empty, or why not.
std::string BatchPlan::add_branches(const std::string& gid, const std::vector<txn::Branch>& branches,
                                    std::vector<std::string>& values) const {
    if (sql::has_doubles(branches)) return "two of its branches have the same branch_id and op";
    for (const txn::Branch& branch : branches) {
        const sql::BranchRow row = sql::branch_row(gid, branch);
        if (auto why = sql::why_refused(row, session_.facts.limits); !why.empty()) return why;
        Statement text = statement();
        write(text, row);
        values.push_back(text.take());
        if (!fits(values.back())) {
            return "branch " + branch.branch_id + " is longer than the server's max_allowed_packet (" +
                   std::to_string(session_.facts.packet_bytes) + " bytes): raise that, or send less";
        }
    }
    return {};
}

Outcome BatchPlan::insert(const Mutation& mutation) {
    const auto left = stored_.find(mutation.gid);
    if (left != stored_.end()) {
        if (left->second.id != 0) return Outcome::conflict;
        for (const sql::StoredRow& row : left->second.rows) left_behind_.push_back(row.id);
    }
    const auto& limits = session_.facts.limits;
    sql::GlobalRow row = sql::global_row(mutation.record, limits.extra_bytes());
    sql::shorten(row, limits);
    if (const auto why = sql::why_refused(row, limits); !why.empty()) return refuse(mutation.gid, why);
    Statement text = statement();
    write(text, row);
    std::string value = text.take();
    if (!fits(value)) return refuse(mutation.gid, "it is longer than the server's max_allowed_packet: raise that");
    std::vector<std::string> branches;
    const auto why = add_branches(mutation.gid, mutation.record.branches, branches);
    if (!why.empty()) return refuse(mutation.gid, why);
    inserted_.push_back({.mutation = &mutation,
                         .row = sql::remembered(std::move(row)),
                         .global = global_values_.size(),
                         .branches = branch_values_.size()});
    global_values_.push_back(std::move(value));
    std::ranges::move(branches, std::back_inserter(branch_values_));
    return Outcome::ok;
}

Outcome BatchPlan::update(const Mutation& mutation) {
    sql::Stored* const stored = sql::find_expected(stored_, mutation);
    if (stored == nullptr) return Outcome::not_found;
    const Patch& patch = mutation.patch;
    if (std::ranges::any_of(patch.rows, [&](const RowPatch& row) { return row.row >= stored->rows.size(); })) {
        return Outcome::not_found;
    }
    const auto& limits = session_.facts.limits;
    auto assignments = sql::change(*stored, patch, limits.extra_bytes());
    if (const auto why = sql::why_refused(assignments, limits); !why.empty()) return refuse(mutation.gid, why);
    if (!assignments.empty()) {
        std::string text = assign(assignments);
        if (!fits(text)) return refuse(mutation.gid, "it is longer than the server's max_allowed_packet: raise that");
        global_updates_[std::move(text)].push_back(stored->id);
    }
    for (const RowPatch& row : patch.rows) {
        branch_updates_[assign(sql::assignments(row))].push_back(stored->rows[row.row].id);
    }
    return Outcome::ok;
}

Outcome BatchPlan::append(const Mutation& mutation) {
    sql::Stored* const stored = sql::find_expected(stored_, mutation);
    if (stored == nullptr) return Outcome::not_found;
    if (sql::has_conflict(*stored, mutation.branches)) return Outcome::conflict;
    std::vector<std::string> values;
    if (const auto why = add_branches(mutation.gid, mutation.branches, values); !why.empty()) {
        return refuse(mutation.gid, why);
    }
    const Patch evidence = sql::evidence_of(mutation.branches, stored->rows.size());
    const auto changed = sql::change(*stored, evidence, extra_bytes());
    if (!changed.empty()) global_updates_[assign(changed)].push_back(stored->id);
    std::ranges::move(values, std::back_inserter(branch_values_));
    return Outcome::ok;
}

std::string BatchPlan::assign(const std::vector<sql::Assignment>& assignments) const {
    Statement out = statement();
    for (const sql::Assignment& assignment : assignments) {
        if (&assignment != &assignments.front()) out.raw(",");
        out.value(assignment);
    }
    return out.take();
}

// Where the statement is in `out`; empty: there is none, or more than one.
std::optional<std::size_t> BatchPlan::add_inserts(Statements& out, std::string_view table, std::string_view columns,
                                                  const std::vector<std::string>& values) const {
    const std::size_t begin = out.size();
    const std::size_t most = std::min(statement_bytes, session_.facts.packet_bytes - around_row);
    std::string text;
    for (const std::string& value : values) {
        if (!text.empty() && text.size() + value.size() > most) out.push_back(std::exchange(text, {}));
        if (text.empty()) {
            text.append("INSERT INTO ").append(table).append(" (").append(columns).append(") VALUES ");
        } else {
            text += ',';
        }
        text += value;
    }
    if (!text.empty()) out.push_back(std::move(text));
    return out.size() == begin + 1 ? std::optional(begin) : std::nullopt;
}

Statements BatchPlan::changes() {
    Statements all;
    if (is_blind()) all.emplace_back("START TRANSACTION");
    if (is_blind() && !stored_.empty()) all.push_back(make_sure());
    if (!left_behind_.empty()) {
        all.push_back(statement().raw("DELETE FROM trans_branch_op WHERE id IN ").list(left_behind_).take());
    }
    globals_at_ = add_inserts(all, "trans_global", global_columns, global_values_);
    branches_at_ = add_inserts(all, "trans_branch_op", branch_columns, branch_values_);
    for (const auto& [table, updates] :
         {std::pair("trans_global", &global_updates_), std::pair("trans_branch_op", &branch_updates_)}) {
        for (const auto& [assigned, ids] : *updates) {
            Statement out = statement();
            out.raw("UPDATE ").raw(table).raw(" SET ").raw(assigned).raw(" WHERE id IN ").list(ids);
            all.push_back(out.take());
        }
    }
    if (all.size() == (is_blind() ? 1 : 0)) return {};
    all.emplace_back("COMMIT");
    return all;
}

void BatchPlan::settle(const Replies& replies) {
    recall_.settle(batch_, outcomes_, stored_);
    if (session_.facts.counting != ServerFacts::Counting::proven || !are_counted()) return;
    for (Inserted& inserted : inserted_) {
        const txn::Transaction& record = inserted.mutation->record;
        sql::Remembered& what = inserted.row;
        what.ids.global = replies[*globals_at_].first_id() + static_cast<std::int64_t>(inserted.global);
        what.ids.branches.resize(record.branches.size());
        const std::int64_t first = branches_at_ ? replies[*branches_at_].first_id() : 0;
        std::iota(what.ids.branches.begin(), what.ids.branches.end(),
                  first + static_cast<std::int64_t>(inserted.branches));
        shared_.memory.remember(record.gid, std::move(what));
    }
}

// Two rows at least: of one it is no wonder. Branches, if there are, for they are the more.
std::vector<BatchPlan::NewRow> BatchPlan::expected_rows(const Replies& replies) const {
    std::vector<NewRow> branches, globals;
    if (!are_counted()) return {};
    for (const Inserted& inserted : inserted_) {
        const std::string& gid = inserted.mutation->gid;
        globals.push_back({gid, {}, {}, replies[*globals_at_].first_id() + static_cast<std::int64_t>(inserted.global)});
        if (!branches_at_) continue;
        std::int64_t id = replies[*branches_at_].first_id() + static_cast<std::int64_t>(inserted.branches);
        for (const txn::Branch& branch : inserted.mutation->record.branches) {
            branches.push_back({gid, branch.branch_id, branch.op, id++});
        }
    }
    if (branches.size() > 1) return branches;
    if (globals.size() > 1) return globals;
    return {};
}

}  // namespace dtmd::store::mysql
