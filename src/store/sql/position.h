#pragma once

#include "base/result.h"

#include <charconv>
#include <cstdint>
#include <string>

namespace dtmd::store::sql {

/// Positions in listings are ids of rows, as in dtm. Empty is 0.
///
/// Errors: `invalid` for what can't be one.
inline Result<std::int64_t> position_id(const std::string& position) {
    std::int64_t id = 0;
    if (position.empty()) return id;
    const char* const end = position.data() + position.size();
    const auto parsed = std::from_chars(position.data(), end, id);
    if (parsed.ec == std::errc() && parsed.ptr == end && id > 0) return id;
    return Error{Errc::invalid,
                 "position: \"" + position + "\" is none that this server gave out. Start again without it."};
}

}  // namespace dtmd::store::sql
