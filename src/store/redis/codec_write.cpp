#include "store/redis/codec.h"
#include "store/redis/json_text.h"
#include "store/redis/rebuild.h"
#include "store/redis/time_text.h"

#include <absl/strings/escaping.h>

namespace dtmd::store::redis {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

void append_pairs(std::string& out, const Pairs& pairs) {
    out += '{';
    bool is_first = true;
    for (const auto& [key, value] : pairs) {
        if (!is_first) out += ',';
        is_first = false;
        append_string(out, key);
        out += ':';
        append_string(out, value);
    }
    out += '}';
}

void append_number(std::string& out, std::string_view key, std::int64_t value) {
    if (value == 0) return;
    out += '"';
    out += key;
    out += "\":" + std::to_string(value) + ",";
}

// The text that dtm keeps of TransOptions, key order and omissions as Go has them.
std::string options_text(const txn::Options& options) {
    std::string out = "{";
    if (options.wait_result) out += "\"wait_result\":true,";
    append_number(out, "timeout_to_fail", options.timeout_to_fail);
    append_number(out, "request_timeout", options.request_timeout);
    append_number(out, "retry_interval", options.retry_interval);
    if (!options.branch_headers.empty()) {
        out += "\"branch_headers\":";
        append_pairs(out, options.branch_headers);
        out += ',';
    }
    out += options.concurrent ? "\"concurrent\":true" : "\"concurrent\":false";
    if (options.retry_limit != 0) out += ",\"retry_limit\":" + std::to_string(options.retry_limit);
    return out + "}";
}

// The value of "options" together with the member behind it, which says one of them again.
std::string options_value(const txn::Options& options) {
    return json_string(options_text(options)) + ",\"concurrent\":" + (options.concurrent ? "true" : "false");
}

// Our block comes first, so that a script finds it; what was there before follows as it was, if it can.
void append_ext_data(std::string& out, const txn::Transaction& transaction, std::size_t rebuilt_rows) {
    std::string text = "{\"dtmd\":{\"not_before\":" + std::to_string(to_ms(transaction.not_before)) +
                       ",\"rows\":" + std::to_string(rebuilt_rows);
    const std::string& theirs = transaction.ext_data;
    if (theirs.starts_with("{\"")) {
        text += "},";
        text.append(theirs, 1);
    } else {
        if (!theirs.empty()) text += ",\"text\":\"" + absl::Base64Escape(theirs) + "\"";
        text += "}}";
    }
    append_string(out, text);
}

void append_steps(std::string& out, const txn::Transaction& transaction) {
    out += ",\"steps\":[";
    for (std::size_t i = 0; i < transaction.steps.size(); ++i) {
        if (i > 0) out += ',';
        append_pairs(out, transaction.steps[i].members);
    }
    out += "],\"payloads\":[";
    for (std::size_t i = 0; i < transaction.payloads.size(); ++i) {
        if (i > 0) out += ',';
        append_string(out, transaction.payloads[i]);
    }
    out += ']';
}

// From the status to the end of a branch.
std::string branch_tail(txn::BranchStatus status, Time finish_time, std::uint32_t attempts, Time first_call,
                        Time last_call, std::string_view last_error) {
    std::string out = ",\"status\":\"" + std::string(txn::name(status)) + "\"";
    if (finish_time != no_time) out += ",\"finish_time\":" + json_time(finish_time);
    const bool has_ours = attempts != 0 || first_call != no_time || last_call != no_time || !last_error.empty();
    if (has_ours) {
        out += ",\"dtmd\":{\"attempts\":" + std::to_string(attempts) +
               ",\"first_call\":" + std::to_string(to_ms(first_call)) +
               ",\"last_call\":" + std::to_string(to_ms(last_call));
        if (!last_error.empty()) out += ",\"last_error\":" + json_string(last_error);
        out += '}';
    }
    return out + "}";
}

constexpr std::string_view not_before_mark = ",\"ext_data\":\"{\\\"dtmd\\\":{\\\"not_before\\\":";

}  // namespace

bool is_ours(std::string_view global) { return global.starts_with(our_beginning); }

std::string encode_global(const txn::Transaction& transaction) {
    const bool is_rebuilt = can_rebuild(transaction);
    std::string out(our_beginning);
    out.reserve(700);
    out += json_time(transaction.update_time);
    out += ",\"status\":\"" + std::string(txn::name(transaction.status)) + "\"";
    out += ",\"finish_time\":" + json_time(transaction.finish_time);
    out += ",\"rollback_time\":" + json_time(transaction.rollback_time);
    out += ",\"result\":";
    append_string(out, transaction.result);
    out += ",\"rollback_reason\":";
    append_string(out, transaction.rollback_reason);
    out += ",\"options\":" + options_value(transaction.options);
    out += ",\"custom_data\":";
    append_string(out, transaction.custom_data);
    out += ",\"next_cron_interval\":" + std::to_string(transaction.next_cron_interval);
    out += ",\"next_cron_time\":" + json_time(transaction.next_cron_time);
    out += ",\"retry_count\":" + std::to_string(transaction.retry_count);
    out += ",\"ext_data\":";
    append_ext_data(out, transaction, is_rebuilt ? transaction.branches.size() : 0);
    // From here on nothing changes. Objects with keys of the client's choice come last, behind all that is looked for.
    out += ",\"create_time\":" + json_time(transaction.create_time);
    out += ",\"gid\":";
    append_string(out, transaction.gid);
    out += ",\"trans_type\":\"" + std::string(txn::name(transaction.mode)) + "\"";
    out += ",\"query_prepared\":";
    append_string(out, transaction.query_prepared);
    out += ",\"protocol\":";
    append_string(out, transaction.protocol);
    if (!transaction.owner.empty()) out += ",\"owner\":" + json_string(transaction.owner);
    if (!is_rebuilt) append_steps(out, transaction);
    return out + "}";
}

std::string encode_branch(std::string_view gid, const txn::Branch& branch) {
    std::string out = "{\"id\":0,\"create_time\":";
    out.reserve(300 + branch.url.size() + branch.body.size() * 4 / 3);
    out += json_time(branch.create_time);
    out += ",\"update_time\":" + json_time(branch.update_time);
    out += ",\"gid\":";
    append_string(out, gid);
    out += ",\"url\":";
    append_string(out, branch.url);
    if (!branch.body.empty()) out += ",\"bin_data\":\"" + absl::Base64Escape(branch.body) + "\"";
    out += ",\"branch_id\":";
    append_string(out, branch.branch_id);
    out += ",\"op\":";
    append_string(out, branch.op);
    out += branch_tail(branch.status, branch.finish_time, branch.attempts, branch.first_call, branch.last_call,
                       branch.last_error);
    return out;
}

std::vector<Edit> edits_of(const Patch& patch) {
    std::vector<Edit> edits;
    edits.reserve(8);
    const auto add = [&](std::string_view after, std::string_view before, std::string value) {
        edits.push_back({after, before, std::move(value)});
    };
    add("\"update_time\":", ",\"status\":", json_time(patch.update_time));
    if (patch.status) {
        add(",\"status\":", ",\"finish_time\":", "\"" + std::string(txn::name(*patch.status)) + "\"");
    }
    if (patch.finish_time) add(",\"finish_time\":", ",\"rollback_time\":", json_time(*patch.finish_time));
    if (patch.rollback_time) add(",\"rollback_time\":", ",\"result\":", json_time(*patch.rollback_time));
    if (patch.result) add(",\"result\":", ",\"rollback_reason\":", json_string(*patch.result));
    if (patch.rollback_reason) add(",\"rollback_reason\":", ",\"options\":", json_string(*patch.rollback_reason));
    if (patch.options) add(",\"options\":", ",\"custom_data\":", options_value(*patch.options));
    if (patch.custom_data) add(",\"custom_data\":", ",\"next_cron_interval\":", json_string(*patch.custom_data));
    if (patch.next_cron_interval) {
        add(",\"next_cron_interval\":", ",\"next_cron_time\":", std::to_string(*patch.next_cron_interval));
    }
    if (patch.next_cron_time) add(",\"next_cron_time\":", ",\"retry_count\":", json_time(*patch.next_cron_time));
    if (patch.retry_count) add(",\"retry_count\":", ",\"ext_data\":", std::to_string(*patch.retry_count));
    if (patch.not_before) add(not_before_mark, ",\\\"rows\\\":", std::to_string(to_ms(*patch.not_before)));
    return edits;
}

RowEdit edit_of(const RowPatch& patch) {
    return {.update_time = json_time(patch.update_time),
            .tail = branch_tail(patch.status, patch.finish_time, patch.attempts, patch.first_call, patch.last_call,
                                patch.last_error)};
}

std::string encode_key_value(const KeyValue& item) {
    std::string out = "{\"id\":0,\"create_time\":" + json_time(item.create_time) +
                      ",\"update_time\":" + json_time(item.update_time) + ",\"cat\":";
    append_string(out, item.category);
    out += ",\"k\":";
    append_string(out, item.key);
    out += ",\"v\":";
    append_string(out, item.value);
    return out + ",\"version\":" + std::to_string(item.version) + "}";
}

}  // namespace dtmd::store::redis
