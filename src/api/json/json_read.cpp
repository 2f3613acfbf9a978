#include "api/json/json_read.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace dtmd::api {
namespace {

constexpr std::size_t max_shown = 60;  // Bytes of a wrong value, or its name, that a complaint repeats.

// The library's events, made into a Json. Its own document would keep neither the order of members nor the text of
// numbers, and has no limits.
class Builder {
public:
    /// @param name  of the text, for complaints.
    Builder(Json& root, std::string_view name) : root_(root), name_(name) {}

    bool null() { return add(Json::Kind::null) != nullptr; }
    bool boolean(bool value) { return add_integer(Json::Kind::boolean, value ? 1 : 0); }
    bool number_integer(std::int64_t value) { return add_integer(Json::Kind::integer, value); }
    bool number_unsigned(std::uint64_t value) {
        if (value <= INT64_MAX) return add_integer(Json::Kind::integer, static_cast<std::int64_t>(value));
        return number_float(0, std::to_string(value));
    }
    bool number_float(double, const std::string& text) {
        Json* value = add(Json::Kind::number);
        if (value != nullptr) value->text = text;
        return value != nullptr;
    }
    bool string(std::string& text) {
        Json* value = add(Json::Kind::string);
        if (value != nullptr) value->text = std::move(text);
        return value != nullptr;
    }
    bool binary(std::vector<std::uint8_t>&) { return false; }
    bool key(std::string& name) {
        key_ = std::move(name);
        return true;
    }
    bool start_object(std::size_t) { return open(Json::Kind::object); }
    bool end_object() { return close(); }
    bool start_array(std::size_t) { return open(Json::Kind::array); }
    bool end_array() { return close(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
        const std::string_view what = error.what();
        const auto id_end = what.find("] ");
        error_ = std::string(name_) + " is not JSON: ";
        error_ += what.substr(id_end == what.npos ? 0 : id_end + 2, 300);
        return false;
    }

    std::string& error() { return error_; }

private:
    Json* add(Json::Kind kind) {
        if (++values_ > max_json_values) {
            error_ = std::string(name_) + ": holds more than " + std::to_string(max_json_values) + " values";
            return nullptr;
        }
        Json* value = &root_;
        if (!open_.empty()) {
            value = &open_.back()->items.emplace_back();
            if (open_.back()->kind == Json::Kind::object) value->key = std::move(key_);
        }
        value->kind = kind;
        return value;
    }

    bool add_integer(Json::Kind kind, std::int64_t integer) {
        Json* value = add(kind);
        if (value != nullptr) value->integer = integer;
        return value != nullptr;
    }

    bool open(Json::Kind kind) {
        if (open_.size() == max_json_depth) {
            error_ = std::string(name_) + ": nested deeper than " + std::to_string(max_json_depth) + " levels";
            return false;
        }
        Json* value = add(kind);
        if (value == nullptr) return false;
        if (open_.empty()) value->items.reserve(16);  // What clients send: spares four moves of everything.
        open_.push_back(value);
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    Json& root_;
    std::string_view name_;
    std::vector<Json*> open_;  // A container does not move while it is open: its parent gets nothing new meanwhile.
    std::string key_;
    std::string error_;
    std::size_t values_ = 0;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_folded(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

std::string shortened(std::string_view text) {
    if (text.size() <= max_shown) return std::string(text);
    std::size_t end = max_shown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // Not inside a character.
    return std::string(text.substr(0, end)) + "...";
}

// By name, as Go's maps are shown, and so that the same content always compares equal. Of equal names the last counts.
void sort_unique(Pairs& pairs) {
    const auto not_before = [](const auto& a, const auto& b) { return a.first >= b.first; };
    if (std::ranges::adjacent_find(pairs, not_before) == pairs.end()) return;
    std::map<std::string, std::string> sorted;
    for (auto& [name, value] : pairs) sorted.insert_or_assign(std::move(name), std::move(value));
    pairs.clear();
    while (!sorted.empty()) {
        auto node = sorted.extract(sorted.begin());
        pairs.emplace_back(std::move(node.key()), std::move(node.mapped()));
    }
}

}  // namespace

std::string described(const Json& value) {
    switch (value.kind) {
        case Json::Kind::null: return "null";
        case Json::Kind::boolean: return value.integer != 0 ? "true" : "false";
        case Json::Kind::integer: return std::to_string(value.integer);
        case Json::Kind::number: return shortened(value.text);
        case Json::Kind::string: return '"' + shortened(value.text) + '"';
        case Json::Kind::array: return "an array";
        case Json::Kind::object: return "an object";
    }
    __builtin_unreachable();
}

Result<Json> parse_json(std::string_view text, std::string_view name) {
    Json root;
    Builder builder(root, name);
    if (nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &builder)) return root;
    return Error{Errc::invalid, std::move(builder.error())};
}

Result<Json> parse_member(std::string_view text, std::string name) {
    auto value = parse_json(text, name);
    if (!value) return value;
    value->key = std::move(name);
    Json object;
    object.kind = Json::Kind::object;
    object.items.push_back(std::move(*value));
    return object;
}

Result<Json> parse_object(std::string_view body) {
    if (body.empty()) return Error{Errc::invalid, "body: expected a JSON object, got nothing"};
    auto parsed = parse_json(body, "body");
    if (!parsed) return parsed;
    if (parsed->kind != Json::Kind::object) {
        return Error{Errc::invalid, "body: expected a JSON object, got " + described(*parsed)};
    }
    return parsed;
}

Json* Fields::find(std::string_view name) {
    Json* folded = nullptr;
    for (auto member = object_.items.rbegin(); member != object_.items.rend(); ++member) {
        if (member->key.size() != name.size() || member->kind == Json::Kind::null) continue;
        if (member->key == name) return &*member;
        if (folded == nullptr && equal_folded(member->key, name)) folded = &*member;
    }
    return folded;
}

void Fields::complain(std::string_view name, std::string_view expected, const Json& got) {
    if (!complaint_.empty()) return;
    complaint_ = prefix_ + shortened(name) + ": expected " + std::string(expected) + ", got " + described(got);
}

void Fields::take(std::string_view name, std::string& out) {
    Json* value = find(name);
    if (value == nullptr) return;
    if (value->kind != Json::Kind::string) return complain(name, "a string", *value);
    out = std::move(value->text);
}

void Fields::take(std::string_view name, std::int64_t& out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (value->kind != Json::Kind::integer) return complain(name, "an integer", *value);
    out = value->integer;
}

void Fields::take(std::string_view name, bool& out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (value->kind != Json::Kind::boolean) return complain(name, "true or false", *value);
    out = value->integer != 0;
}

void Fields::take(std::string_view name, std::vector<std::string>& out) {
    Json* value = find(name);
    if (value == nullptr) return;
    if (value->kind != Json::Kind::array) return complain(name, "an array of strings", *value);
    out.clear();
    out.reserve(value->items.size());
    for (std::size_t i = 0; i < value->items.size(); ++i) {
        Json& item = value->items[i];
        if (item.kind != Json::Kind::string && item.kind != Json::Kind::null) {
            return complain(std::string(name) + "[" + std::to_string(i) + "]", "a string", item);
        }
        out.push_back(std::move(item.text));
    }
}

void Fields::take(std::string_view name, Pairs& out) {
    Json* value = find(name);
    if (value == nullptr) return;
    if (value->kind != Json::Kind::object) return complain(name, "an object of strings", *value);
    take_pairs(name, *value, out);
}

void Fields::take(std::string_view name, std::vector<txn::Step>& out) {
    Json* value = find(name);
    if (value == nullptr) return;
    if (value->kind != Json::Kind::array) return complain(name, "an array of objects", *value);
    out.clear();
    out.reserve(value->items.size());
    for (std::size_t i = 0; i < value->items.size(); ++i) {
        Json& item = value->items[i];
        std::vector<std::pair<std::string, std::string>>& members = out.emplace_back().members;
        if (item.kind == Json::Kind::null) continue;
        const auto item_name = [&] { return std::string(name) + "[" + std::to_string(i) + "]"; };
        if (item.kind != Json::Kind::object) return complain(item_name(), "an object of strings", item);
        // The name is only made where it is needed: this is the hot path.
        const bool flat = std::ranges::all_of(item.items, [](const Json& member) {
            return member.kind == Json::Kind::string || member.kind == Json::Kind::null;
        });
        take_pairs(flat ? std::string() : item_name(), item, members);
    }
}

void Fields::take_pairs(std::string_view name, Json& object, Pairs& out) {
    out.clear();
    out.reserve(object.items.size());
    for (Json& member : object.items) {
        if (member.kind == Json::Kind::null) continue;
        if (member.kind != Json::Kind::string) {
            return complain(std::string(name) + "." + member.key, "a string", member);
        }
        out.emplace_back(std::move(member.key), std::move(member.text));
    }
    sort_unique(out);
}

void Fields::require_flat_strings() {
    for (const Json& member : object_.items) {
        if (member.kind != Json::Kind::string && member.kind != Json::Kind::null) {
            return complain(member.key, "a string", member);
        }
    }
}

}  // namespace dtmd::api
