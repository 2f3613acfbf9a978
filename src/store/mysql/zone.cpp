#include "store/mysql/zone.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace dtmd::store::mysql {
namespace {

using std::chrono::seconds;

constexpr std::size_t length = 19;  // "2026-11-21 10:38:02"

std::tm split(std::chrono::sys_seconds moment) {
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(moment - day);
    std::tm out{};
    out.tm_year = static_cast<int>(date.year()) - 1900;
    out.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
    out.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
    out.tm_hour = static_cast<int>(clock.hours().count());
    out.tm_min = static_cast<int>(clock.minutes().count());
    out.tm_sec = static_cast<int>(clock.seconds().count());
    return out;
}

// The clock's zone is looked at each time by mktime, and nearly all times of a batch are in the same few seconds.
struct Known {
    std::optional<seconds> offset;
    std::chrono::sys_seconds moment;
    std::string text;  ///< Empty: nothing is known.
};
constexpr std::size_t known_seconds = 16;
thread_local std::array<Known, known_seconds> known_texts, known_moments;

int number(std::string_view text, std::size_t from, std::size_t count) {
    int value = 0;
    std::from_chars(text.data() + from, text.data() + from + count, value);
    return value;
}

}  // namespace

std::string Zone::to_text(Time moment) const {
    const auto second = std::chrono::floor<seconds>(moment);
    Known& known = known_texts[static_cast<std::size_t>(second.time_since_epoch().count()) % known_seconds];
    if (known.text.empty() || known.moment != second || known.offset != offset_) {
        known = {.offset = offset_, .moment = second, .text = write(second)};
    }
    return known.text;
}

std::string Zone::write(std::chrono::sys_seconds second) const {
    std::tm parts{};
    if (offset_) {
        parts = split(second + *offset_);
    } else {
        const std::time_t since_epoch = second.time_since_epoch().count();
        ::localtime_r(&since_epoch, &parts);
    }
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
                  parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return text;
}

Time Zone::from_text(std::string_view text) const {
    if (text.size() < length || number(text, 0, 4) == 0) return no_time;
    Known& known = known_moments[static_cast<unsigned char>(text[length - 1]) % known_seconds];
    if (known.text != text || known.offset != offset_) {
        known = {.offset = offset_, .moment = read(text), .text = std::string(text)};
    }
    return known.moment;
}

std::chrono::sys_seconds Zone::read(std::string_view text) const {
    const int year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
    const int hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
    if (offset_) {
        const std::chrono::sys_days date(std::chrono::year(year) / month / day);
        return std::chrono::sys_seconds(date.time_since_epoch() + std::chrono::hours(hour) +
                                        std::chrono::minutes(minute) + seconds(second) - *offset_);
    }
    std::tm parts{};
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    parts.tm_mday = day;
    parts.tm_hour = hour;
    parts.tm_min = minute;
    parts.tm_sec = second;
    parts.tm_isdst = -1;
    return std::chrono::sys_seconds(seconds(std::mktime(&parts)));
}

}  // namespace dtmd::store::mysql
