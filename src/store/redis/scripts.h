#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// The Lua scripts that change and read the store. Each is one atomic step on the keys of one slice.
namespace dtmd::store::redis {

enum class Script : std::size_t { insert, update, append, replace, load, claim, reset, list, oldest, sweep, index, kv };

inline constexpr std::size_t script_count = 12;

std::string_view source_of(Script script);

/// Its SHA-1 as EVALSHA wants it, computed once.
const std::string& sha_of(Script script);

/// What insert, update, append, replace and kv answer.
namespace answer {
inline constexpr long long ok = 0, conflict = 1, not_found = 2,
                           foreign = 3;  ///< Not in our layout: to be brought into it first (Script::replace).
}

}  // namespace dtmd::store::redis
