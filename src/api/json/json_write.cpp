#include "api/json/json_write.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace dtmd::api {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

// Bytes that stand for themselves. Go escapes <, > and & so that JSON may be put into HTML.
constexpr std::array<bool, 256> plain = [] {
    std::array<bool, 256> table{};
    for (int c = 0x20; c < 0x80; ++c) table[static_cast<std::size_t>(c)] = true;
    for (const char c : {'"', '\\', '<', '>', '&'}) table[static_cast<unsigned char>(c)] = false;
    return table;
}();

void append_ascii_escape(std::string& out, unsigned char c) {
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default:
            out += "\\u00";
            out += hex[c >> 4];
            out += hex[c & 15];
    }
}

// Length of the well-formed UTF-8 sequence that `text` starts with; 0: it does not start with one.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
    const unsigned lead = byte(0);
    if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
        const bool surrogate = lead == 0xED && byte(1) > 0x9F;
        return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const bool overlong = lead == 0xF0 && byte(1) < 0x90;
        const bool beyond = lead == 0xF4 && byte(1) > 0x8F;
        return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
    }
    return 0;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    std::size_t i = 0;
    while (i < text.size()) {
        std::size_t end = i;
        while (end < text.size() && plain[static_cast<unsigned char>(text[end])]) ++end;
        out.append(text, i, end - i);
        i = end;
        if (i == text.size()) break;
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x80) {
            append_ascii_escape(out, byte);
            ++i;
            continue;
        }
        const std::size_t length = sequence_length(text.substr(i));
        const std::string_view sequence = text.substr(i, length);
        if (length == 0) {
            out += "\xEF\xBF\xBD";
        } else if (sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9") {
            // Line separators, which JavaScript takes for line ends.
            out += sequence.back() == '\xA8' ? "\\u2028" : "\\u2029";
        } else {
            out += sequence;
        }
        i += length == 0 ? 1 : length;
    }
    out += '"';
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const bool ascii = static_cast<unsigned char>(text.front()) < 0x80;
        const std::size_t length = ascii ? 1 : sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

void append_json(std::string& out, const Json& value) {
    switch (value.kind) {
        case Json::Kind::null: out += "null"; return;
        case Json::Kind::boolean: out += value.integer != 0 ? "true" : "false"; return;
        case Json::Kind::integer: out += std::to_string(value.integer); return;
        case Json::Kind::number: out += value.text; return;
        case Json::Kind::string: append_quoted(out, value.text); return;
        case Json::Kind::array: append_array(out, value.items, append_json); return;
        case Json::Kind::object: break;
    }
    out += '{';
    for (const Json& member : value.items) {
        if (&member != &value.items.front()) out += ',';
        append_quoted(out, member.key);
        out += ':';
        append_json(out, member);
    }
    out += '}';
}

void append_time(std::string& out, Time time) {
    const auto since_epoch = time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
    const auto millis = static_cast<int>((since_epoch - seconds).count());
    const std::time_t moment = seconds.count();
    std::tm local{};
    localtime_r(&moment, &local);

    std::array<char, 64> text{};
    out += '"';
    out.append(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &local));
    std::snprintf(text.data(), text.size(), ".%03d", millis);
    out += text.data();
    if (local.tm_gmtoff == 0) {
        out += "Z\"";
        return;
    }
    const long minutes = std::labs(local.tm_gmtoff) / 60;
    std::snprintf(text.data(), text.size(), "%c%02ld:%02ld\"", local.tm_gmtoff < 0 ? '-' : '+', minutes / 60,
                  minutes % 60);
    out += text.data();
}

std::string& ObjectWriter::value(std::string_view key) {
    if (!empty_) out_ += ',';
    empty_ = false;
    out_ += '"';
    out_ += key;
    out_ += "\":";
    return out_;
}

void ObjectWriter::string(std::string_view key, std::string_view text) { append_quoted(value(key), text); }
void ObjectWriter::integer(std::string_view key, std::int64_t number) { value(key) += std::to_string(number); }
void ObjectWriter::boolean(std::string_view key, bool is_true) { value(key) += is_true ? "true" : "false"; }

void ObjectWriter::time_or_null(std::string_view key, Time time) {
    if (time == no_time) {
        value(key) += "null";
    } else {
        append_time(value(key), time);
    }
}

void ObjectWriter::string_if(std::string_view key, std::string_view text) {
    if (!text.empty()) string(key, text);
}
void ObjectWriter::integer_if(std::string_view key, std::int64_t number) {
    if (number != 0) integer(key, number);
}
void ObjectWriter::true_if(std::string_view key, bool is_true) {
    if (is_true) boolean(key, true);
}
void ObjectWriter::time_if(std::string_view key, Time time) {
    if (time != no_time) time_or_null(key, time);
}

}  // namespace dtmd::api
