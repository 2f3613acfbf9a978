#include "store/rocksdb/state.h"

#include "store/rocksdb/codec.h"

#include <algorithm>

namespace dtmd::store::rocks {
namespace {

proto::Row& row_of(proto::State& state, std::uint32_t row) {
    for (auto& record : *state.mutable_rows()) {
        if (record.row() == row) return record;
    }
    auto& record = *state.add_rows();
    record.set_row(row);
    return record;
}

void apply_row(const RowPatch& patch, proto::Row& out) {
    const bool keeps_result = patch.status == txn::BranchStatus::prepared && out.status() != 0;
    if (!keeps_result) {
        out.set_status(static_cast<std::uint32_t>(patch.status));
        out.set_finish_time(to_ms(patch.finish_time));
    }
    out.set_update_time(to_ms(patch.update_time));
    out.set_attempts(patch.attempts);
    out.set_last_error(patch.last_error);
    out.set_first_call(to_ms(patch.first_call));
    out.set_last_call(to_ms(patch.last_call));
}

constexpr std::uint64_t fnv_start = 0xcbf29ce484222325, fnv_prime = 0x100000001b3;

std::uint64_t fnv(std::uint64_t hash, std::string_view text) {
    for (const char byte : text) hash = (hash ^ static_cast<std::uint8_t>(byte)) * fnv_prime;
    return (hash ^ 0xff) * fnv_prime;  // An end mark, so that "0" + "1x" is not "01" + "x".
}

}  // namespace

Place place_of(const proto::State& state) {
    if (!txn::is_final(status_of(state))) return {.finished = false, .at = from_ms(state.next_cron_time())};
    const std::int64_t end = std::max(state.finish_time(), state.rollback_time());
    return {.finished = true, .at = from_ms(end != 0 ? end : state.update_time())};
}

std::uint32_t row_count(const proto::State& state) {
    return state.fixed_rows() + static_cast<std::uint32_t>(state.appended_size());
}

bool apply_patch(const Patch& patch, proto::State& state) {
    const std::uint32_t rows = row_count(state);
    for (const auto& row : patch.rows) {
        if (row.row >= rows) return false;
    }
    for (const auto& row : patch.rows) apply_row(row, row_of(state, row.row));

    if (patch.status) state.set_status(static_cast<std::uint32_t>(*patch.status));
    if (patch.rollback_reason) state.set_rollback_reason(*patch.rollback_reason);
    if (patch.result) state.set_result(*patch.result);
    if (patch.custom_data) state.set_custom_data(*patch.custom_data);
    if (patch.options) encode_options(*patch.options, *state.mutable_options());
    if (patch.finish_time) state.set_finish_time(to_ms(*patch.finish_time));
    if (patch.rollback_time) state.set_rollback_time(to_ms(*patch.rollback_time));
    if (patch.not_before) state.set_not_before(to_ms(*patch.not_before));
    if (patch.next_cron_interval) state.set_next_cron_interval(*patch.next_cron_interval);
    if (patch.retry_count) state.set_retry_count(*patch.retry_count);
    if (patch.next_cron_time) state.set_next_cron_time(to_ms(*patch.next_cron_time));
    state.set_update_time(to_ms(patch.update_time));
    return true;
}

std::uint64_t row_hash(std::string_view branch_id, std::string_view op) { return fnv(fnv(fnv_start, branch_id), op); }

}  // namespace dtmd::store::rocks
