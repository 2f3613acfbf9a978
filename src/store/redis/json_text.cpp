#include "store/redis/json_text.h"

#include <charconv>

namespace dtmd::store::redis {
namespace {

constexpr int max_depth = 32;
constexpr char hex_digits[] = "0123456789abcdef";

void append_unit(std::string& out, std::uint32_t unit) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += hex_digits[(unit >> shift) & 15];
}

// How many bytes the UTF-8 character at the front of `text` has; 0: it is none.
std::size_t character_size(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0u; };
    const std::uint32_t lead = byte(0), second = byte(1);
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        if (!follows(1) || !follows(2) || (lead == 0xe0 && second < 0xa0)) return 0;
        return lead == 0xed && second >= 0xa0 ? 0 : 3;  // No surrogates.
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (!follows(1) || !follows(2) || !follows(3) || (lead == 0xf0 && second < 0x90)) return 0;
        return lead == 0xf4 && second >= 0x90 ? 0 : 4;
    }
    return 0;
}

void append_escaped(std::string& out, char letter) {
    switch (letter) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: append_unit(out, static_cast<std::uint8_t>(letter));
    }
}

bool is_plain(char letter) {
    const auto byte = static_cast<std::uint8_t>(letter);
    return byte >= 0x20 && byte < 0x80 && letter != '"' && letter != '\\' && letter != '<' && letter != '>' &&
           letter != '&';
}

constexpr bool is_high(std::uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
constexpr bool is_low(std::uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

}  // namespace

void append_string(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && is_plain(text[end])) ++end;
        out.append(text, at, end - at);
        at = end;
        if (at == text.size()) break;
        if (static_cast<std::uint8_t>(text[at]) < 0x80) {
            append_escaped(out, text[at++]);
            continue;
        }
        const std::size_t size = character_size(text.substr(at));
        const std::string_view character = text.substr(at, size);
        if (size == 0) {
            append_unit(out, 0xdc00u + static_cast<std::uint8_t>(text[at]));
        } else if (character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9") {
            append_unit(out, character.back() == '\xa8' ? 0x2028 : 0x2029);
        } else {
            out += character;
        }
        at += size == 0 ? 1 : size;
    }
    out += '"';
}

std::string json_string(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    append_string(out, text);
    return out;
}

char JsonReader::peek() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
        ++at_;
    }
    return ok_ && at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonReader::at_end() { return ok_ && peek() == '\0' && at_ == text_.size(); }

bool JsonReader::take(char expected) {
    if (peek() != expected || !ok_) return false;
    ++at_;
    return true;
}

bool JsonReader::take_null() {
    if (peek() != 'n' || text_.substr(at_, 4) != "null") return false;
    at_ += 4;
    return true;
}

bool JsonReader::list(char open, char close, absl::FunctionRef<void()> item) {
    if (take_null()) return false;
    if (!take(open) || ++depth_ > max_depth) {
        fail();
        return false;
    }
    if (!take(close)) {
        do {
            item();
        } while (take(','));
        if (!take(close)) fail();
    }
    --depth_;
    return ok_;
}

bool JsonReader::object(absl::FunctionRef<void(std::string key)> member) {
    return list('{', '}', [&] {
        if (peek() != '"') return fail();
        std::string key = string();
        if (!take(':')) return fail();
        member(std::move(key));
    });
}

bool JsonReader::array(absl::FunctionRef<void()> element) { return list('[', ']', element); }

std::string JsonReader::string() {
    std::string out;
    if (take_null()) return out;
    if (!take('"')) {
        fail();
        return out;
    }
    while (ok_) {
        std::size_t end = at_;
        while (end < text_.size() && text_[end] != '"' && text_[end] != '\\') ++end;
        out.append(text_, at_, end - at_);
        at_ = end;
        if (at_ >= text_.size()) {
            fail();
        } else if (text_[at_++] == '"') {
            return out;
        } else {
            append_escape(out);
        }
    }
    return {};
}

void JsonReader::append_escape(std::string& out) {
    if (at_ >= text_.size()) return fail();
    switch (const char letter = text_[at_++]) {
        case '"':
        case '\\':
        case '/': out += letter; return;
        case 'b': out += '\b'; return;
        case 'f': out += '\f'; return;
        case 'n': out += '\n'; return;
        case 'r': out += '\r'; return;
        case 't': out += '\t'; return;
        case 'u': break;
        default: return fail();
    }
    std::uint32_t code = hex4();
    if (is_high(code) && text_.substr(at_, 2) == "\\u") {
        const std::size_t before = at_;
        at_ += 2;
        const std::uint32_t low = hex4();
        if (is_low(low)) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        } else {
            at_ = before;
        }
    }
    append_code(out, code);
}

std::uint32_t JsonReader::hex4() {
    std::uint32_t unit = 0;
    const std::string_view digits = text_.substr(std::min(at_, text_.size()), 4);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    if (digits.size() < 4 || error != std::errc() || end != digits.data() + 4) fail();
    at_ += digits.size();
    return unit;
}

void JsonReader::append_code(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code >= 0xdc80 && code <= 0xdcff) return put(code - 0xdc00);
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            put(0xe0 | code >> 12);
        } else {
            put(0xf0 | code >> 18);
            put(0x80 | (code >> 12 & 0x3f));
        }
        put(0x80 | (code >> 6 & 0x3f));
    }
    put(0x80 | (code & 0x3f));
}

std::int64_t JsonReader::integer() {
    if (take_null()) return 0;
    peek();
    std::int64_t value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || !ok_) {
        fail();
        return 0;
    }
    at_ += static_cast<std::size_t>(end - begin);
    while (at_ < text_.size() && (text_[at_] == '.' || (text_[at_] >= '0' && text_[at_] <= '9'))) ++at_;
    return value;
}

bool JsonReader::boolean() {
    if (take_null()) return false;
    const bool value = peek() == 't';
    const std::string_view word = value ? "true" : "false";
    if (!ok_ || text_.substr(std::min(at_, text_.size()), word.size()) != word) {
        fail();
        return false;
    }
    at_ += word.size();
    return value;
}

void JsonReader::skip() {
    switch (peek()) {
        case '"': string(); return;
        case '{': object([this](const std::string&) { skip(); }); return;
        case '[': array([this] { skip(); }); return;
        case 't':
        case 'f': boolean(); return;
        case 'n':
            if (!take_null()) fail();
            return;
        default: break;
    }
    // A number of any form: what it says does not matter here.
    const std::size_t end = text_.find_first_not_of("+-.0123456789eE", at_);
    if (end == at_ || at_ >= text_.size()) return fail();
    at_ = std::min(end, text_.size());
}

}  // namespace dtmd::store::redis
