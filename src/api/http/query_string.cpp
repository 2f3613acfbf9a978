#include "api/http/query_string.h"

#include "api/json/json_write.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace dtmd::api {
namespace {

constexpr std::int64_t default_limit = 100, max_limit = 1000;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Error bad(std::string_view text, std::string_view why) {
    return Error{Errc::invalid, "URL: '" + std::string(text.substr(0, 100)) + "' " + std::string(why)};
}

}  // namespace

Result<std::string> decode_percent(std::string_view text, bool plus_is_space) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
            continue;
        }
        const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) return bad(text, "has a bad percent escape: expected % and two hexadecimal digits");
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    if (decoded.find('\0') != decoded.npos) return bad(text, "contains a NUL");
    if (!is_utf8(decoded)) return bad(text, "is not UTF-8");
    return decoded;
}

Result<Query> Query::parse(std::string_view text) {
    Query query;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        const std::string_view name = pair.substr(0, pair.find('='));
        if (name.size() == pair.size()) continue;
        auto key = decode_percent(name, true);
        if (!key) return key.error();
        auto value = decode_percent(pair.substr(name.size() + 1), true);
        if (!value) return value.error();
        query.parameters_.emplace_back(std::move(*key), std::move(*value));
    }
    return query;
}

std::string Query::get(std::string_view name) const {
    const auto found = std::ranges::find(parameters_, name, &std::pair<std::string, std::string>::first);
    return found == parameters_.end() ? std::string() : found->second;
}

Result<std::int64_t> Query::number(std::string_view name, std::int64_t fallback, std::int64_t least,
                                   std::int64_t most) const {
    const std::string text = get(name);
    if (text.empty()) return fallback;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
        return Error{Errc::invalid, "convert to int error: " + text.substr(0, 100)};
    }
    if (number < least || number > most) {
        return Error{Errc::invalid, std::string(name) + ": expected a number from " + std::to_string(least) + " to " +
                                        std::to_string(most) + ", got " + text};
    }
    return number;
}

Result<std::size_t> Query::limit() const {
    using Bounds = std::numeric_limits<std::int64_t>;
    const auto limit = number("limit", default_limit, Bounds::min(), Bounds::max());
    if (!limit) return limit.error();
    if (*limit < 1) return Error{Errc::invalid, "limit: expected at least 1, got " + std::to_string(*limit)};
    return static_cast<std::size_t>(std::min(*limit, max_limit));
}

}  // namespace dtmd::api
