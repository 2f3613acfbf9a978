#include "observe/log_line.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace dtmd::log {
namespace {

using Level = spdlog::level::level_enum;

std::string_view name(Level level) {
    switch (level) {
        case Level::trace:
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warn: return "warn";
        default: return "error";
    }
}

// What stands in JSON as it is.
bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

bool is_bare(std::string_view text) { return !text.empty() && is_plain(text) && text.find_first_of(" =") == text.npos; }

struct Character {
    unsigned code = 0;
    std::size_t bytes = 1;
};

// The characters that JSON leaves as they are although they steer terminals or turn the direction of what follows:
// DEL, the C1 controls, the Unicode line ends, the directional marks. Code 0: the next character is none of them.
Character invisible_at(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    if (byte(0) == 0x7F) return {0x7F, 1};
    if (byte(0) == 0xC2 && byte(1) < 0xA0) return {byte(1), 2};
    if (byte(0) != 0xE2) return {};
    const unsigned code = 0x2000 + ((byte(1) & 0x3F) << 6) + (byte(2) & 0x3F);
    const bool is_mark =
        (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    return is_mark ? Character{code, 3} : Character{};
}

std::string without_invisible(std::string_view json) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result;
    result.reserve(json.size());
    for (std::size_t i = 0; i < json.size();) {
        const Character found = invisible_at(json.substr(i));
        if (found.code == 0) {
            result += json[i++];
            continue;
        }
        result += "\\u";
        for (int shift = 12; shift >= 0; shift -= 4) result += digits[(found.code >> shift) & 0xF];
        i += found.bytes;
    }
    return result;
}

std::string shown(std::string_view value, bool bare_if_possible) {
    if (value.size() > max_value) {
        const std::string cut(value.substr(0, max_value));
        return json_quoted(cut + "... (" + std::to_string(value.size() - max_value) + " bytes more)");
    }
    return bare_if_possible && is_bare(value) ? std::string(value) : json_quoted(value);
}

}  // namespace

std::string number_text(double number) {
    char buffer[32];
    return {buffer, std::to_chars(std::begin(buffer), std::end(buffer), number).ptr};
}

std::string json_quoted(std::string_view text) {
    if (is_plain(text)) return '"' + std::string(text) + '"';
    return without_invisible(nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string text_line(Level level, std::string_view event, Fields fields) {
    constexpr std::size_t widest_level = 5;
    std::string line(name(level));
    line.append(widest_level - line.size() + 1, ' ').append(event);
    for (const Field& field : fields) line.append(" ").append(field.key).append("=").append(shown(field.value, true));
    return line;
}

std::string json_line(Level level, std::string_view event, Fields fields) {
    std::string line = "\"level\":\"";
    line.append(name(level)).append("\",\"event\":").append(json_quoted(event));
    for (const Field& field : fields) {
        line.append(",").append(json_quoted(field.key)).append(":");
        line.append(field.is_number ? field.value : shown(field.value, false));
    }
    return line + "}";
}

}  // namespace dtmd::log
