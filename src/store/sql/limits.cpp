#include "store/sql/limits.h"

#include "txn/text.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <utility>

namespace dtmd::store::sql {
namespace {

using Column = std::pair<std::string_view, std::string_view>;  // "table.column", value

bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) - 1u < 0x7F; });
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

std::string why_too_long(std::string_view column, std::size_t size, const Limit& limit) {
    return std::string(column) + " holds " + std::to_string(limit.most) + (limit.in_bytes ? " bytes" : " characters") +
           ", and this value has " + std::to_string(size) +
           ": widen the column (`dtmd schema check` says how), or send less";
}

std::string why_text_refused(std::string_view column, std::string_view text, const Limits& limits) {
    const bool plain = is_plain(text);
    if (!plain && !is_text(text)) {
        return std::string(column) + " holds text, and this value is not UTF-8 or has a NUL in it";
    }
    const Limit limit = limits.of(column);
    const std::size_t size = plain || limit.in_bytes ? text.size() : characters(text);
    return size <= limit.most ? std::string() : why_too_long(column, size, limit);
}

std::string first_complaint(std::initializer_list<Column> columns, const Limits& limits) {
    for (const auto& [column, text] : columns) {
        if (auto why = why_text_refused(column, text, limits); !why.empty()) return why;
    }
    return {};
}

void shorten_text(std::string& text, std::string_view column, const Limits& limits) {
    const Limit limit = limits.of(column);
    if (is_plain(text) && text.size() <= limit.most) return;
    text = txn::storable_text(text, limit.in_bytes ? limit.most : SIZE_MAX);
    if (limit.in_bytes) return;
    std::size_t count = 0;
    const auto end = std::ranges::find_if(text, [&](char c) { return starts_character(c) && count++ == limit.most; });
    text.erase(end, text.end());
}

}  // namespace

Limit Limits::of(std::string_view column) const {
    const auto found = by_column_.find(column);
    return found == by_column_.end() ? Limit{} : found->second;
}

std::size_t Limits::extra_bytes() const { return of("trans_global.ext_data").most; }

bool is_text(std::string_view text) { return txn::storable_text(text, text.size()) == text; }

void shorten(GlobalRow& row, const Limits& limits) {
    shorten_text(row.rollback_reason, "trans_global.rollback_reason", limits);
}

std::string why_refused(const GlobalRow& row, const Limits& limits) {
    return first_complaint({{"trans_global.gid", row.gid},
                            {"trans_global.query_prepared", row.query_prepared},
                            {"trans_global.protocol", row.protocol},
                            {"trans_global.options", row.options},
                            {"trans_global.custom_data", row.custom_data},
                            {"trans_global.owner", row.owner},
                            {"trans_global.ext_data", row.ext_data},
                            {"trans_global.result", row.result},
                            {"trans_global.rollback_reason", row.rollback_reason}},
                           limits);
}

std::string why_refused(const BranchRow& row, const Limits& limits) {
    const Limit body = limits.of("trans_branch_op.bin_data");
    if (row.bin_data.size() > body.most) return why_too_long("trans_branch_op.bin_data", row.bin_data.size(), body);
    return first_complaint({{"trans_branch_op.gid", row.gid},
                            {"trans_branch_op.url", row.url},
                            {"trans_branch_op.branch_id", row.branch_id},
                            {"trans_branch_op.op", row.op}},
                           limits);
}

std::string why_refused(const KeyValue& item, const Limits& limits) {
    return first_complaint({{"kv.cat", item.category}, {"kv.k", item.key}, {"kv.v", item.value}}, limits);
}

std::string why_refused(std::vector<Assignment>& assignments, const Limits& limits) {
    for (Assignment& assignment : assignments) {
        auto* text = std::get_if<std::string>(&assignment.value);
        if (text == nullptr) continue;
        const std::string column = "trans_global." + std::string(assignment.column);
        if (assignment.column == "rollback_reason") shorten_text(*text, column, limits);
        if (auto why = why_text_refused(column, *text, limits); !why.empty()) return why;
    }
    return {};
}

}  // namespace dtmd::store::sql
