#include "store/rocksdb/codec.h"

#include <algorithm>

namespace dtmd::store::rocks {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using PairRecords = google::protobuf::RepeatedPtrField<proto::Pair>;

void encode_pairs(const Pairs& pairs, PairRecords& out) {
    for (const auto& [key, value] : pairs) {
        auto& record = *out.Add();
        record.set_key(key);
        record.set_value(value);
    }
}

Pairs decode_pairs(PairRecords& records) {
    Pairs pairs;
    pairs.reserve(static_cast<std::size_t>(records.size()));
    for (auto& record : records) {
        pairs.emplace_back(std::move(*record.mutable_key()), std::move(*record.mutable_value()));
    }
    return pairs;
}

txn::Options decode_options(proto::Options& record) {
    return {.wait_result = record.wait_result(),
            .timeout_to_fail = record.timeout_to_fail(),
            .request_timeout = record.request_timeout(),
            .retry_interval = record.retry_interval(),
            .branch_headers = decode_pairs(*record.mutable_branch_headers()),
            .concurrent = record.concurrent(),
            .retry_limit = record.retry_limit()};
}

// A saga sends one payload to an action and its compensation, so most bodies are a payload that is stored anyway.
// Returns n for payload n - 1, or 0.
std::uint32_t payload_with_body(const txn::Transaction& transaction, std::size_t row) {
    const std::string& body = transaction.branches[row].body;
    if (body.empty()) return 0;
    for (const std::size_t i : {row / 2, row}) {
        if (i < transaction.payloads.size() && transaction.payloads[i] == body) {
            return static_cast<std::uint32_t>(i + 1);
        }
    }
    return 0;
}

void encode_branch_head(const txn::Branch& branch, proto::Branch& out) {
    out.set_branch_id(branch.branch_id);
    out.set_op(branch.op);
    out.set_url(branch.url);
    out.set_status(static_cast<std::uint32_t>(branch.status));
    out.set_create_time(to_ms(branch.create_time));
    out.set_update_time(to_ms(branch.update_time));
    out.set_finish_time(to_ms(branch.finish_time));
    out.set_attempts(branch.attempts);
    if (!branch.last_error.empty()) out.set_last_error(branch.last_error);
    out.set_first_call(to_ms(branch.first_call));
    out.set_last_call(to_ms(branch.last_call));
}

constexpr std::string_view unknown_branch_status = "its branch's status is none that this version knows";

bool is_branch_status(std::uint32_t status) { return status <= static_cast<std::uint32_t>(txn::BranchStatus::failed); }

}  // namespace

std::string_view why_unreadable(const proto::Branch& branch) {
    return is_branch_status(branch.status()) ? std::string_view() : unknown_branch_status;
}

std::string_view why_unreadable(const proto::Fixed& fixed, const proto::State& state) {
    if (state.mode() > static_cast<std::uint32_t>(txn::Mode::workflow))
        return "its type is none that this version knows";
    if (state.status() > static_cast<std::uint32_t>(txn::Status::failed)) {
        return "its status is none that this version knows";
    }
    const bool knows_rows = std::ranges::all_of(state.rows(), is_branch_status, &proto::Row::status);
    const bool knows_branches = std::ranges::all_of(fixed.branches(), is_branch_status, &proto::Branch::status);
    return knows_rows && knows_branches ? std::string_view() : unknown_branch_status;
}

void encode_options(const txn::Options& options, proto::Options& out) {
    out.Clear();
    out.set_wait_result(options.wait_result);
    out.set_timeout_to_fail(options.timeout_to_fail);
    out.set_request_timeout(options.request_timeout);
    out.set_retry_interval(options.retry_interval);
    encode_pairs(options.branch_headers, *out.mutable_branch_headers());
    out.set_concurrent(options.concurrent);
    out.set_retry_limit(options.retry_limit);
}

void encode_branch(const txn::Branch& branch, proto::Branch& out) {
    out.Clear();
    encode_branch_head(branch, out);
    out.set_body(branch.body);
}

void encode_fixed(const txn::Transaction& transaction, proto::Fixed& out) {
    out.Clear();
    out.set_protocol(transaction.protocol);
    for (const auto& step : transaction.steps) encode_pairs(step.members, *out.add_steps()->mutable_members());
    for (const auto& payload : transaction.payloads) out.add_payloads(payload);
    out.set_query_prepared(transaction.query_prepared);
    out.set_custom_data(transaction.custom_data);
    encode_options(transaction.options, *out.mutable_options());
    out.set_owner(transaction.owner);
    out.set_ext_data(transaction.ext_data);
    for (std::size_t row = 0; row < transaction.branches.size(); ++row) {
        auto& record = *out.add_branches();
        encode_branch_head(transaction.branches[row], record);
        const std::uint32_t payload = payload_with_body(transaction, row);
        if (payload == 0) {
            record.set_body(transaction.branches[row].body);
        } else {
            record.set_body_of_payload(payload);
        }
    }
}

void encode_state(const txn::Transaction& transaction, proto::State& out) {
    out.Clear();
    out.set_mode(static_cast<std::uint32_t>(transaction.mode));
    out.set_status(static_cast<std::uint32_t>(transaction.status));
    out.set_create_time(to_ms(transaction.create_time));
    out.set_update_time(to_ms(transaction.update_time));
    out.set_finish_time(to_ms(transaction.finish_time));
    out.set_rollback_time(to_ms(transaction.rollback_time));
    out.set_next_cron_interval(transaction.next_cron_interval);
    out.set_next_cron_time(to_ms(transaction.next_cron_time));
    out.set_retry_count(transaction.retry_count);
    out.set_not_before(to_ms(transaction.not_before));
    out.set_rollback_reason(transaction.rollback_reason);
    out.set_result(transaction.result);
    out.set_fixed_rows(static_cast<std::uint32_t>(transaction.branches.size()));
}

txn::Branch decode_branch(proto::Branch& record) {
    return {.branch_id = std::move(*record.mutable_branch_id()),
            .op = std::move(*record.mutable_op()),
            .url = std::move(*record.mutable_url()),
            .body = std::move(*record.mutable_body()),
            .status = static_cast<txn::BranchStatus>(record.status()),
            .create_time = from_ms(record.create_time()),
            .update_time = from_ms(record.update_time()),
            .finish_time = from_ms(record.finish_time()),
            .attempts = record.attempts(),
            .last_error = std::move(*record.mutable_last_error()),
            .first_call = from_ms(record.first_call()),
            .last_call = from_ms(record.last_call())};
}

std::vector<txn::Branch> decode_fixed_branches(proto::Fixed& fixed) {
    std::vector<txn::Branch> branches;
    branches.reserve(static_cast<std::size_t>(fixed.branches_size()));
    for (auto& record : *fixed.mutable_branches()) {
        const auto payload = static_cast<int>(record.body_of_payload());
        branches.push_back(decode_branch(record));
        if (payload > 0 && payload <= fixed.payloads_size()) branches.back().body = fixed.payloads(payload - 1);
    }
    return branches;
}

txn::Transaction decode_head(std::string gid, proto::Fixed& fixed, proto::State& state) {
    txn::Transaction out;
    out.gid = std::move(gid);
    out.mode = static_cast<txn::Mode>(state.mode());
    out.status = static_cast<txn::Status>(state.status());
    out.protocol = std::move(*fixed.mutable_protocol());
    out.steps.reserve(static_cast<std::size_t>(fixed.steps_size()));
    for (auto& step : *fixed.mutable_steps()) out.steps.push_back({decode_pairs(*step.mutable_members())});
    out.payloads.reserve(static_cast<std::size_t>(fixed.payloads_size()));
    for (auto& payload : *fixed.mutable_payloads()) out.payloads.push_back(std::move(payload));
    out.query_prepared = std::move(*fixed.mutable_query_prepared());
    out.custom_data = std::move(state.has_custom_data() ? *state.mutable_custom_data() : *fixed.mutable_custom_data());
    out.options = decode_options(state.has_options() ? *state.mutable_options() : *fixed.mutable_options());
    out.result = std::move(*state.mutable_result());
    out.rollback_reason = std::move(*state.mutable_rollback_reason());
    out.create_time = from_ms(state.create_time());
    out.update_time = from_ms(state.update_time());
    out.finish_time = from_ms(state.finish_time());
    out.rollback_time = from_ms(state.rollback_time());
    out.next_cron_interval = state.next_cron_interval();
    out.next_cron_time = from_ms(state.next_cron_time());
    out.owner = std::move(*fixed.mutable_owner());
    out.ext_data = std::move(*fixed.mutable_ext_data());
    out.retry_count = state.retry_count();
    out.not_before = from_ms(state.not_before());
    return out;
}

void decode_rows(proto::State& state, std::vector<txn::Branch>& branches) {
    for (auto& record : *state.mutable_rows()) {
        if (record.row() >= branches.size()) continue;
        txn::Branch& branch = branches[record.row()];
        branch.status = static_cast<txn::BranchStatus>(record.status());
        branch.update_time = from_ms(record.update_time());
        branch.finish_time = from_ms(record.finish_time());
        branch.attempts = record.attempts();
        branch.last_error = std::move(*record.mutable_last_error());
        branch.first_call = from_ms(record.first_call());
        branch.last_call = from_ms(record.last_call());
    }
}

}  // namespace dtmd::store::rocks
