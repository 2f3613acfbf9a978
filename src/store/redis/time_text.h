#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Times as dtm writes them to Redis. Pure.
namespace dtmd::store::redis {

/// RFC 3339 in UTC with milliseconds, in quotes; null if it is not set.
std::string json_time(Time time);

/// RFC 3339 with any offset; what is finer than a millisecond is cut off. Empty: it is none.
std::optional<Time> parse_time(std::string_view text);

/// A zset score: seconds since the Unix epoch, as dtm has them, with milliseconds behind the point.
std::string score_of(Time time);

/// As Redis prints a score. Empty: it is none of ours.
std::optional<Time> parse_score(std::string_view text);

/// A score of our indexes by create_time: whole milliseconds. Empty: it is none.
std::optional<std::int64_t> parse_created(std::string_view text);

inline std::int64_t to_ms(Time time) { return time.time_since_epoch().count(); }
inline Time from_ms(std::int64_t ms) { return Time(Millis(ms)); }

}  // namespace dtmd::store::redis
