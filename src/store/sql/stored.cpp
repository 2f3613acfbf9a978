#include "store/sql/stored.h"

#include "store/row_patch.h"
#include "store/sql/extra.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace dtmd::store::sql {

bool has_expected_lease(const Mutation& mutation, Time lease, std::string_view owner) {
    if (!mutation.expect_lease) return true;
    return lease == second_after(*mutation.expect_lease) && owner == mutation.expect_owner;
}

Stored* find_expected(StoredByGid& all, const Mutation& mutation) {
    const auto found = all.find(mutation.gid);
    if (found == all.end() || found->second.id == 0) return nullptr;
    Stored& stored = found->second;
    if (!mutation.any_status && stored.status != txn::name(mutation.expect)) return nullptr;
    if (mutation.expect_mode && stored.mode != txn::name(*mutation.expect_mode)) return nullptr;
    if (!has_expected_lease(mutation, stored.lease, stored.owner)) return nullptr;
    return &stored;
}

std::vector<Assignment> change(Stored& stored, const Patch& patch, std::size_t extra_bytes) {
    auto all = assignments(patch, stored.options, stored.ext_data, extra_bytes);
    for (const Assignment& assignment : all) {
        if (assignment.column == "options") {
            stored.options = std::get<std::string>(assignment.value);
        } else if (assignment.column == "ext_data") {
            stored.ext_data = std::get<std::string>(assignment.value);
        } else if (assignment.column == "owner") {
            stored.owner = std::get<std::string>(assignment.value);
        } else if (assignment.column == "next_cron_time") {
            stored.new_lease = std::get<Time>(assignment.value);
        } else {
            continue;
        }
        stored.is_remembered = false;
    }
    return all;
}

bool has_doubles(const std::vector<txn::Branch>& branches) {
    std::set<std::pair<std::string_view, std::string_view>> seen;
    return !std::ranges::all_of(branches, [&](const auto& row) { return seen.emplace(row.branch_id, row.op).second; });
}

bool has_conflict(const Stored& stored, const std::vector<txn::Branch>& appended) {
    const auto is_taken = [&](const txn::Branch& branch) {
        return std::ranges::any_of(stored.rows, [&](const StoredRow& row) {
            return row.branch_id == branch.branch_id && row.op == branch.op;
        });
    };
    return std::ranges::any_of(appended, is_taken) || has_doubles(appended);
}

Patch evidence_of(const std::vector<txn::Branch>& appended, std::size_t rows) {
    Patch evidence;
    for (std::size_t i = 0; i < appended.size(); ++i) {
        if (!is_worth_keeping(extra_of(appended[i]), appended[i].status)) continue;
        evidence.rows.push_back(row_patch(static_cast<std::uint32_t>(rows + i), appended[i]));
    }
    return evidence;
}

}  // namespace dtmd::store::sql
