#include "store/sql/extra.h"

#include "txn/text.h"

#include <nlohmann/json.hpp>

#include <charconv>

namespace dtmd::store::sql {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* our_key = "dtmd";

std::int64_t to_ms(Time time) { return time.time_since_epoch().count(); }

Time read_time(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? Time(Millis(found->get<std::int64_t>())) : Time{};
}

void write_time(Json& object, const char* key, Time time) {
    if (time != Time{}) object[key] = to_ms(time);
}

RowExtra read_row(const Json& object) {
    RowExtra row;
    if (const auto found = object.find("attempts"); found != object.end() && found->is_number_unsigned()) {
        row.attempts = found->get<std::uint32_t>();
    }
    if (const auto found = object.find("error"); found != object.end() && found->is_string()) {
        row.error = found->get<std::string>();
    }
    row.first_call = read_time(object, "first");
    row.last_call = read_time(object, "last");
    return row;
}

Extra read_extra(const Json& object) {
    Extra extra;
    extra.created = read_time(object, "created");
    extra.not_before = read_time(object, "not_before");
    const auto rows = object.find("rows");
    if (rows == object.end() || !rows->is_object()) return extra;
    for (const auto& [key, value] : rows->items()) {
        std::uint32_t index = 0;
        const auto parsed = std::from_chars(key.data(), key.data() + key.size(), index);
        const bool is_number = parsed.ec == std::errc() && parsed.ptr == key.data() + key.size();
        if (is_number && value.is_object()) extra.rows[index] = read_row(value);
    }
    return extra;
}

Json write_row(const RowExtra& row, std::size_t error_bytes) {
    Json object = Json::object();
    object["attempts"] = row.attempts;
    const std::string error = txn::storable_text(row.error, error_bytes);
    if (!error.empty()) object["error"] = error;
    write_time(object, "first", row.first_call);
    write_time(object, "last", row.last_call);
    return object;
}

std::string write(const std::string& theirs, const Extra& extra, bool with_rows, std::size_t error_bytes) {
    Json ours = Json::object();
    write_time(ours, "created", extra.created);
    write_time(ours, "not_before", extra.not_before);
    if (with_rows) {
        for (const auto& [index, row] : extra.rows) ours["rows"][std::to_string(index)] = write_row(row, error_bytes);
    }
    if (ours.empty()) return theirs;
    Json whole = theirs.empty() ? Json::object() : Json::parse(theirs, nullptr, false);
    whole[our_key] = std::move(ours);
    return whole.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

RowExtra extra_of(const txn::Branch& branch) {
    return {branch.attempts, branch.last_error, branch.first_call, branch.last_call};
}

RowExtra extra_of(const RowPatch& patch) {
    return {patch.attempts, patch.last_error, patch.first_call, patch.last_call};
}

bool is_worth_keeping(const RowExtra& row, txn::BranchStatus status) {
    if (!row.error.empty() || row.attempts > 1) return true;
    return status == txn::BranchStatus::prepared && row.attempts > 0;
}

ExtData split_ext_data(const std::string& text) {
    ExtData data{.theirs = text, .ours = {}, .is_foreign = false};
    if (text.empty()) return data;
    Json whole = Json::parse(text, nullptr, false);
    data.is_foreign = !whole.is_object();
    if (data.is_foreign) return data;
    const auto found = whole.find(our_key);
    if (found == whole.end() || !found->is_object()) return data;
    data.ours = read_extra(*found);
    whole.erase(found);
    data.theirs = whole.empty() ? std::string() : whole.dump(-1, ' ', false, Json::error_handler_t::replace);
    return data;
}

std::string join_ext_data(const ExtData& data, std::size_t most) {
    if (data.is_foreign || data.ours.empty()) return data.theirs;
    for (const std::size_t error_bytes : {txn::max_error_text, std::size_t{100}, std::size_t{0}}) {
        std::string text = write(data.theirs, data.ours, true, error_bytes);
        if (text.size() <= most) return text;
    }
    return write(data.theirs, data.ours, false, 0);
}

}  // namespace dtmd::store::sql
