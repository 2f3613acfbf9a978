#include "store/redis/time_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace dtmd::store::redis {
namespace {

void append_digits(std::string& out, std::int64_t value, int width) {
    const std::string digits = std::to_string(value);
    out.append(static_cast<std::size_t>(std::max(0, width - static_cast<int>(digits.size()))), '0');
    out += digits;
}

// `count` decimal digits at the front of `text`, which are taken away; -1: there are none.
int take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return -1;
    int value = 0;
    for (const char digit : text.substr(0, count)) {
        if (digit < '0' || digit > '9') return -1;
        value = value * 10 + (digit - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

int take_millis(std::string_view& text) {
    int millis = 0, digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        if (digits++ < 3) millis = millis * 10 + (text.front() - '0');
        text.remove_prefix(1);
    }
    for (; digits < 3; ++digits) millis *= 10;
    return millis;
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
    if (take(text, "Zz")) return std::chrono::minutes(0);
    const bool behind = !text.empty() && text.front() == '-';
    if (!take(text, "+-")) return std::nullopt;
    const int hours = take_digits(text, 2);
    if (hours < 0 || !take(text, ":")) return std::nullopt;
    const int minutes = take_digits(text, 2);
    if (minutes < 0) return std::nullopt;
    const std::chrono::minutes offset(hours * 60 + minutes);
    return behind ? -offset : offset;
}

std::optional<double> parse_number(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

}  // namespace

std::string json_time(Time time) {
    if (time == no_time) return "null";
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string out = "\"";
    append_digits(out, static_cast<int>(date.year()), 4);
    out += '-';
    append_digits(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_digits(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    append_digits(out, clock.hours().count(), 2);
    out += ':';
    append_digits(out, clock.minutes().count(), 2);
    out += ':';
    append_digits(out, clock.seconds().count(), 2);
    out += '.';
    append_digits(out, clock.subseconds().count(), 3);
    out += "Z\"";
    return out;
}

std::optional<Time> parse_time(std::string_view text) {
    const int year = take_digits(text, 4);
    if (year < 0 || !take(text, "-")) return std::nullopt;
    const int month = take_digits(text, 2);
    if (month < 0 || !take(text, "-")) return std::nullopt;
    const int day = take_digits(text, 2);
    if (day < 0 || !take(text, "Tt ")) return std::nullopt;
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23 || !take(text, ":")) return std::nullopt;
    const int minute = take_digits(text, 2);
    if (minute < 0 || minute > 59 || !take(text, ":")) return std::nullopt;
    const int second = take_digits(text, 2);
    if (second < 0 || second > 60) return std::nullopt;
    const int millis = take(text, ".") ? take_millis(text) : 0;
    const auto offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) + Millis(millis) - *offset;
}

std::string score_of(Time time) {
    const std::int64_t ms = std::max<std::int64_t>(0, to_ms(time));
    std::string out = std::to_string(ms / 1000) + ".";
    append_digits(out, ms % 1000, 3);
    return out;
}

std::optional<Time> parse_score(std::string_view text) {
    const auto seconds = parse_number(text);
    if (!seconds || std::abs(*seconds) > 1e12) return std::nullopt;
    return from_ms(std::llround(*seconds * 1000));
}

std::optional<std::int64_t> parse_created(std::string_view text) {
    const auto ms = parse_number(text);
    if (!ms || std::abs(*ms) > 1e15) return std::nullopt;
    return std::llround(*ms);
}

}  // namespace dtmd::store::redis
