#include "store/sql/row.h"

#include "store/sql/extra.h"
#include "store/sql/options_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <random>
#include <utility>

namespace dtmd::store::sql {
namespace {

using std::chrono::seconds;

Error unreadable(const std::string& gid, std::string_view column, const std::string& value) {
    return {Errc::invalid, "transaction " + gid + ": its column " + std::string(column) + " says '" + value +
                               "', which is none of the values dtm and dtmd write. Mend or remove the row."};
}

// The column is an int.
std::int64_t seconds_of(std::int64_t interval) { return std::clamp<std::int64_t>(interval, 0, INT32_MAX); }

// The sub-second part of create_time matters where a deadline the client asked for counts from it: without it, the
// deadline would come up to a second too early after a take-over.
Time kept_creation(const txn::Transaction& transaction) {
    const bool matters = transaction.options.timeout_to_fail > 0;
    return matters && second_of(transaction.create_time) != transaction.create_time ? transaction.create_time : Time{};
}

// A status that is none of ours stays `prepared`: dtm takes any text from workflow clients, and ignores such rows.
txn::Branch read_branch(BranchRow row) {
    txn::Branch branch;
    txn::parse(row.status, branch.status);
    branch.branch_id = std::move(row.branch_id);
    branch.op = std::move(row.op);
    branch.url = std::move(row.url);
    branch.body = std::move(row.bin_data);
    branch.create_time = row.create_time;
    branch.update_time = row.update_time;
    branch.finish_time = row.finish_time;
    return branch;
}

void add_extra(txn::Transaction& transaction, Extra extra) {
    if (extra.created != Time{}) transaction.create_time = extra.created;
    transaction.not_before = extra.not_before;
    auto& branches = transaction.branches;
    for (txn::Branch& branch : branches) {
        // A result that came at once left no note. Rows of a workflow are results that its client reports.
        const bool was_called = branch.status != txn::BranchStatus::prepared && transaction.mode != txn::Mode::workflow;
        if (was_called) branch.attempts = 1;
    }
    for (auto& [index, row] : extra.rows) {
        if (index >= branches.size()) continue;
        branches[index].attempts = row.attempts;
        branches[index].last_error = std::move(row.error);
        branches[index].first_call = row.first_call;
        branches[index].last_call = row.last_call;
    }
}

// Whether that is what the options say, without parsing all of them. Says no where it is not plain.
bool plainly_say(const std::string& options, std::int64_t retry_count) {
    constexpr std::string_view key = "\"retry_count\"";
    const auto at = options.find(key);
    if (at == options.npos) return retry_count == 0 && !options.empty();
    std::int64_t found = 0;
    const char* const end = options.data() + options.size();
    const char* const colon = options.data() + at + key.size();
    if (colon == end || *colon != ':') return false;
    const auto [after, error] = std::from_chars(colon + 1, end, found);
    return error == std::errc() && after != end && (*after == ',' || *after == '}') && found == retry_count;
}

std::string changed_options(const Patch& patch, const std::string& present) {
    if (!patch.options && plainly_say(present, *patch.retry_count)) return present;
    txn::Options options;
    std::int64_t retry_count = 0;
    read_options(present, options, retry_count);
    return options_text(patch.options.value_or(options), patch.retry_count.value_or(retry_count));
}

std::string changed_ext_data(const Patch& patch, const std::string& present, std::size_t most) {
    const auto is_worth = [](const RowPatch& row) { return is_worth_keeping(extra_of(row), row.status); };
    if (present.empty() && !patch.not_before && std::ranges::none_of(patch.rows, is_worth)) return present;
    ExtData data = split_ext_data(present);
    if (patch.not_before) data.ours.not_before = *patch.not_before;
    for (const RowPatch& row : patch.rows) {
        RowExtra extra = extra_of(row);
        if (is_worth_keeping(extra, row.status)) {
            data.ours.rows[row.row] = std::move(extra);
        } else {
            data.ours.rows.erase(row.row);
        }
    }
    return join_ext_data(data, most);
}

std::vector<Assignment> column_assignments(const Patch& patch) {
    std::vector<Assignment> out;
    if (patch.status) out.push_back({"status", std::string(txn::name(*patch.status))});
    if (patch.rollback_reason) out.push_back({"rollback_reason", *patch.rollback_reason});
    if (patch.result) out.push_back({"result", *patch.result});
    if (patch.custom_data) out.push_back({"custom_data", *patch.custom_data});
    if (patch.finish_time) out.push_back({"finish_time", second_of(*patch.finish_time)});
    if (patch.rollback_time) out.push_back({"rollback_time", second_of(*patch.rollback_time)});
    if (patch.next_cron_interval) out.push_back({"next_cron_interval", seconds_of(*patch.next_cron_interval)});
    if (patch.next_cron_time) out.push_back({"next_cron_time", second_after(*patch.next_cron_time)});
    if (patch.owner) out.push_back({"owner", *patch.owner});
    if (patch.update_time != Time{}) out.push_back({"update_time", second_of(patch.update_time)});
    return out;
}

// If only branch rows change, the transaction's own row need not be written: as with dtm, they have times of their own.
std::vector<Assignment> without_time_alone(std::vector<Assignment> all, const Patch& patch) {
    const bool is_time_only = all.size() == 1 && all.front().column == "update_time";
    if (is_time_only && !patch.rows.empty()) all.clear();
    return all;
}

}  // namespace

Time second_of(Time moment) { return std::chrono::floor<seconds>(moment); }
Time second_after(Time moment) { return std::chrono::ceil<seconds>(moment); }

std::string new_owner() {
    std::random_device device;
    return "dtmd-" + std::to_string((std::uint64_t{device()} << 32) | device());
}

GlobalRow global_row(const txn::Transaction& transaction, std::size_t extra_bytes) {
    ExtData extra = split_ext_data(transaction.ext_data);
    extra.ours = {.created = kept_creation(transaction), .not_before = transaction.not_before, .rows = {}};
    for (std::uint32_t i = 0; i < transaction.branches.size(); ++i) {
        const txn::Branch& branch = transaction.branches[i];
        if (is_worth_keeping(extra_of(branch), branch.status)) extra.ours.rows[i] = extra_of(branch);
    }
    return {.gid = transaction.gid,
            .trans_type = std::string(txn::name(transaction.mode)),
            .status = std::string(txn::name(transaction.status)),
            .query_prepared = transaction.query_prepared,
            .protocol = transaction.protocol,
            .options = options_text(transaction.options, transaction.retry_count),
            .custom_data = transaction.custom_data,
            .owner = transaction.owner,
            .ext_data = join_ext_data(extra, extra_bytes),
            .result = transaction.result,
            .rollback_reason = transaction.rollback_reason,
            .create_time = second_of(transaction.create_time),
            .update_time = second_of(transaction.update_time),
            .finish_time = second_of(transaction.finish_time),
            .rollback_time = second_of(transaction.rollback_time),
            .next_cron_time = second_after(transaction.next_cron_time),
            .next_cron_interval = seconds_of(transaction.next_cron_interval)};
}

BranchRow branch_row(const std::string& gid, const txn::Branch& branch) {
    return {.gid = gid,
            .branch_id = branch.branch_id,
            .op = branch.op,
            .url = branch.url,
            .bin_data = branch.body,
            .status = std::string(txn::name(branch.status)),
            .create_time = second_of(branch.create_time),
            .update_time = second_of(branch.update_time),
            .finish_time = second_of(branch.finish_time)};
}

Result<txn::Transaction> read_rows(GlobalRow global, std::vector<BranchRow> branches) {
    txn::Transaction out;
    out.gid = std::move(global.gid);
    if (!txn::parse(global.trans_type, out.mode)) return unreadable(out.gid, "trans_type", global.trans_type);
    if (!txn::parse(global.status, out.status)) return unreadable(out.gid, "status", global.status);
    if (!read_options(global.options, out.options, out.retry_count)) {
        return unreadable(out.gid, "options", global.options);
    }
    out.query_prepared = std::move(global.query_prepared);
    out.protocol = std::move(global.protocol);
    out.custom_data = std::move(global.custom_data);
    out.owner = std::move(global.owner);
    out.result = std::move(global.result);
    out.rollback_reason = std::move(global.rollback_reason);
    out.create_time = global.create_time;
    out.update_time = global.update_time;
    out.finish_time = global.finish_time;
    out.rollback_time = global.rollback_time;
    out.next_cron_time = global.next_cron_time;
    out.next_cron_interval = global.next_cron_interval;

    out.branches.reserve(branches.size());
    for (BranchRow& row : branches) out.branches.push_back(read_branch(std::move(row)));
    ExtData extra = split_ext_data(global.ext_data);
    out.ext_data = std::move(extra.theirs);
    add_extra(out, std::move(extra.ours));
    rebuild_steps(out);
    return out;
}

void rebuild_steps(txn::Transaction& transaction) {
    transaction.steps.clear();
    transaction.payloads.clear();
    const bool has_steps = transaction.mode == txn::Mode::saga || transaction.mode == txn::Mode::message;
    if (!has_steps) return;
    for (const txn::Branch& row : transaction.branches) {
        if (row.op != txn::op::action) continue;
        txn::Step step{{{"action", row.url}}};
        if (transaction.mode == txn::Mode::saga) {
            const auto undo = std::ranges::find_if(transaction.branches, [&](const txn::Branch& other) {
                return other.branch_id == row.branch_id && other.op == txn::op::compensate;
            });
            step.members.emplace_back("compensate", undo == transaction.branches.end() ? std::string() : undo->url);
        }
        transaction.steps.push_back(std::move(step));
        transaction.payloads.push_back(row.body);
    }
}

std::vector<Assignment> assignments(const Patch& patch, const std::string& options, const std::string& ext_data,
                                    std::size_t extra_bytes) {
    std::vector<Assignment> out = column_assignments(patch);
    if (patch.options || patch.retry_count) {
        std::string changed = changed_options(patch, options);
        if (changed != options) out.push_back({"options", std::move(changed)});
    }
    // A row's evidence may replace older evidence even if it is not worth keeping itself.
    if (patch.not_before || !patch.rows.empty()) {
        std::string changed = changed_ext_data(patch, ext_data, extra_bytes);
        if (changed != ext_data) out.push_back({"ext_data", std::move(changed)});
    }
    return without_time_alone(std::move(out), patch);
}

std::vector<Assignment> assignments(const RowPatch& patch) {
    if (patch.status == txn::BranchStatus::prepared) return {{"update_time", second_of(patch.update_time)}};
    return {{"status", std::string(txn::name(patch.status))},
            {"update_time", second_of(patch.update_time)},
            {"finish_time", second_of(patch.finish_time)}};
}

}  // namespace dtmd::store::sql
