#include "store/sql/options_text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

namespace dtmd::store::sql {
namespace {

using Json = nlohmann::ordered_json;

void read(const Json& object, const char* key, bool& out) {
    if (const auto found = object.find(key); found != object.end() && found->is_boolean()) out = found->get<bool>();
}

void read(const Json& object, const char* key, std::int64_t& out) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_number_integer()) out = found->get<std::int64_t>();
}

void read(const Json& object, const char* key, std::vector<std::pair<std::string, std::string>>& out) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_object()) return;
    out.clear();
    for (const auto& [name, value] : found->items()) {
        if (value.is_string()) out.emplace_back(name, value.get<std::string>());
    }
}

// Go's encoder escapes these in every string, so that JSON can stand in HTML. None occurs outside of strings.
std::string with_go_escapes(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '<': out += "\\u003c"; break;
            case '>': out += "\\u003e"; break;
            case '&': out += "\\u0026"; break;
            default: out += c;
        }
    }
    return out;
}

}  // namespace

std::string options_text(const txn::Options& options, std::int64_t retry_count) {
    Json text = Json::object();
    const auto number = [&](const char* key, std::int64_t value) {
        if (value != 0) text[key] = value;
    };
    if (options.wait_result) text["wait_result"] = true;
    number("timeout_to_fail", options.timeout_to_fail);
    number("request_timeout", options.request_timeout);
    number("retry_interval", options.retry_interval);
    for (const auto& [name, value] : options.branch_headers) text["branch_headers"][name] = value;
    text["concurrent"] = options.concurrent;
    number("retry_limit", options.retry_limit);
    number("retry_count", retry_count);
    return with_go_escapes(text.dump(-1, ' ', false, Json::error_handler_t::replace));
}

bool read_options(const std::string& text, txn::Options& options, std::int64_t& retry_count) {
    if (text.empty()) return true;
    const Json object = Json::parse(text, nullptr, false);
    if (!object.is_object()) return false;
    read(object, "wait_result", options.wait_result);
    read(object, "timeout_to_fail", options.timeout_to_fail);
    read(object, "request_timeout", options.request_timeout);
    read(object, "retry_interval", options.retry_interval);
    read(object, "branch_headers", options.branch_headers);
    read(object, "concurrent", options.concurrent);
    read(object, "retry_limit", options.retry_limit);
    read(object, "retry_count", retry_count);
    return true;
}

}  // namespace dtmd::store::sql
