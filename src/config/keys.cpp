#include "config/keys.h"

#include "config/names.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace dtmd::config {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string got(std::string_view text) { return ", got '" + std::string(text) + "'"; }

std::string assign_number(const Key& key, std::int64_t& out, std::string_view text) {
    const std::string_view digits = trimmed(text);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool is_number = error == std::errc() && end == digits.data() + digits.size();
    if (is_number && number >= key.least && number <= key.most) {
        out = number;
        return {};
    }
    const std::string unit = key.unit.empty() ? "" : " (" + std::string(key.unit) + ")";
    return "expected an integer from " + std::to_string(key.least) + " to " + std::to_string(key.most) + unit +
           got(text);
}

std::string assign_flag(bool& out, std::string_view text) {
    const std::string value = lower(trimmed(text));
    const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
        return std::ranges::find(words, value) != words.end();
    };
    // All that YAML 1.1 takes for a boolean, and the digits that environments use.
    if (is_one_of({"true", "1", "yes", "on"})) {
        out = true;
    } else if (is_one_of({"false", "0", "no", "off"})) {
        out = false;
    } else {
        return "expected true or false" + got(text);
    }
    return {};
}

// What dtm's log library calls levels that we don't tell apart.
std::string_view level_name(std::string_view level) {
    if (level == "warning") return "warn";
    if (level == "dpanic" || level == "panic" || level == "fatal") return "error";
    return level;
}

std::string assign_choice(const Key& key, std::string& out, std::string_view text) {
    const std::string value = lower(trimmed(text));
    const std::string_view meant = key.path == "LogLevel" ? level_name(value) : std::string_view(value);
    std::string expected;
    for (const std::string_view choice : split(key.one_of, '|')) {
        if (choice == meant) {
            out = choice;
            return {};
        }
        expected.append(expected.empty() ? "" : ", ").append(choice);
    }
    return "expected one of " + expected + got(text);
}

}  // namespace

const Key* find_key(std::string_view path) {
    const auto found = std::ranges::find(keys(), path, &Key::path);
    return found == keys().end() ? nullptr : &*found;
}

std::string environment_name(std::string_view path) {
    if (path == "Host") return "DTMD_HOST";
    std::string name;
    char before = '.';
    for (const char c : path) {
        // A new word begins at a capital after a small letter; "JSON" and "MB" stay together.
        const bool starts_word =
            std::isupper(static_cast<unsigned char>(c)) && std::islower(static_cast<unsigned char>(before));
        if (starts_word) name += '_';
        name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        before = c;
    }
    return name;
}

std::string assign(const Key& key, Config& config, std::string_view text) {
    const Slot slot = key.slot(config);
    if (auto* const* const number = std::get_if<std::int64_t*>(&slot)) return assign_number(key, **number, text);
    if (auto* const* const flag = std::get_if<bool*>(&slot)) return assign_flag(**flag, text);
    std::string& value = *std::get<std::string*>(slot);
    if (!key.one_of.empty()) return assign_choice(key, value, text);
    value = text;
    return {};
}

std::string text_of(const Key& key, const Config& config) {
    Config copy = config;  // Slots are for writing; this is not called often.
    const Slot slot = key.slot(copy);
    if (auto* const* const number = std::get_if<std::int64_t*>(&slot)) return std::to_string(**number);
    if (auto* const* const flag = std::get_if<bool*>(&slot)) return **flag ? "true" : "false";
    return *std::get<std::string*>(slot);
}

}  // namespace dtmd::config
