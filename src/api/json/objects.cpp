#include "api/json/objects.h"

#include "api/json/json_write.h"

#include <absl/strings/escaping.h>

namespace dtmd::api {
namespace {

using Pair = std::pair<std::string, std::string>;

void append_pairs(std::string& out, const std::vector<Pair>& pairs) {
    out += '{';
    for (const Pair& pair : pairs) {
        if (&pair != &pairs.front()) out += ',';
        append_quoted(out, pair.first);
        out += ':';
        append_quoted(out, pair.second);
    }
    out += '}';
}

// The members both the transaction and its options text show.
void write_options(ObjectWriter& writer, const txn::Transaction& transaction) {
    const txn::Options& options = transaction.options;
    writer.true_if("wait_result", options.wait_result);
    writer.integer_if("timeout_to_fail", options.timeout_to_fail);
    writer.integer_if("request_timeout", options.request_timeout);
    writer.integer_if("retry_interval", options.retry_interval);
    if (!options.branch_headers.empty()) append_pairs(writer.value("branch_headers"), options.branch_headers);
    writer.boolean("concurrent", options.concurrent);
    writer.integer_if("retry_limit", options.retry_limit);
    writer.integer_if("retry_count", transaction.retry_count);
}

void write_branch(ObjectWriter& writer, const txn::Transaction& transaction, const txn::Branch& branch) {
    writer.integer("id", 0);
    writer.time_or_null("create_time", branch.create_time);
    writer.time_or_null("update_time", branch.update_time);
    writer.string_if("gid", transaction.gid);
    writer.string_if("url", branch.url);
    writer.string_if("bin_data", absl::Base64Escape(branch.body));
    writer.string_if("branch_id", branch.branch_id);
    writer.string_if("op", branch.op);
    writer.string("status", txn::name(branch.status));
    writer.time_if("finish_time", branch.finish_time);
}

}  // namespace

std::string options_text(const txn::Transaction& transaction) {
    std::string text;
    ObjectWriter writer(text);
    write_options(writer, transaction);
    writer.close();
    return text;
}

void append_transaction(std::string& out, const txn::Transaction& transaction) {
    ObjectWriter writer(out);
    writer.integer("id", 0);
    writer.time_or_null("create_time", transaction.create_time);
    writer.time_or_null("update_time", transaction.update_time);
    writer.string_if("gid", transaction.gid);
    writer.string("trans_type", txn::name(transaction.mode));
    if (!transaction.steps.empty()) {
        append_array(writer.value("steps"), transaction.steps,
                     [](std::string& to, const txn::Step& step) { append_pairs(to, step.members); });
    }
    if (!transaction.payloads.empty()) append_array(writer.value("payloads"), transaction.payloads, append_quoted);
    writer.string("status", txn::name(transaction.status));
    writer.string_if("query_prepared", transaction.query_prepared);
    writer.string_if("protocol", transaction.protocol);
    writer.time_if("finish_time", transaction.finish_time);
    writer.time_if("rollback_time", transaction.rollback_time);
    writer.string_if("result", transaction.result);
    writer.string_if("rollback_reason", transaction.rollback_reason);
    writer.string("options", options_text(transaction));
    writer.string_if("custom_data", transaction.custom_data);
    writer.integer_if("next_cron_interval", transaction.next_cron_interval);
    writer.time_if("next_cron_time", transaction.next_cron_time);
    writer.string_if("owner", transaction.owner);
    writer.string_if("ext_data", transaction.ext_data);
    write_options(writer, transaction);
    writer.close();
}

void append_branches(std::string& out, const txn::Transaction& transaction) {
    append_array(out, transaction.branches, [&](std::string& to, const txn::Branch& branch) {
        ObjectWriter writer(to);
        write_branch(writer, transaction, branch);
        writer.close();
    });
}

void append_branches_with_attempts(std::string& out, const txn::Transaction& transaction) {
    append_array(out, transaction.branches, [&](std::string& to, const txn::Branch& branch) {
        ObjectWriter writer(to);
        write_branch(writer, transaction, branch);
        writer.integer("attempts", branch.attempts);
        writer.string("last_error", branch.last_error);
        writer.time_or_null("first_call", branch.first_call);
        writer.time_or_null("last_call", branch.last_call);
        writer.close();
    });
}

void append_key_values(std::string& out, const std::vector<store::KeyValue>& items) {
    append_array(out, items, [](std::string& to, const store::KeyValue& item) {
        ObjectWriter writer(to);
        writer.integer("id", 0);
        writer.time_or_null("create_time", item.create_time);
        writer.time_or_null("update_time", item.update_time);
        writer.string("cat", item.category);
        writer.string("k", item.key);
        writer.string("v", item.value);
        writer.integer("version", static_cast<std::int64_t>(item.version));
        writer.close();
    });
}

}  // namespace dtmd::api
