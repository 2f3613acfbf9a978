#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Where things lie in the embedded store. One key space, told apart by the first byte; which kinds have a column family
// of their own is in families.h:
//
//   t gid                            what never changes (proto Fixed)
//   s gid                            what changes (proto State)
//   b gid NUL row                    a branch registered later (proto Branch); row: 4 bytes, big end first
//   d next_cron_time gid             due index: every unfinished transaction
//   c inverted create_time gid       listing, newest first
//   e end gid                        expiry index: every finished transaction
//   k category NUL key               key-value records (proto KeyValue)
//   m name                           about the store itself
//
// Gids hold no byte below 0x21, so NUL ends a gid and no gid's rows mix with those of a gid it is a prefix of.
// Times are 8 bytes, big end first, with the sign bit flipped, so that keys sort like times.
namespace dtmd::store::rocks {

inline constexpr std::string_view format_key = "mformat";
inline constexpr std::string_view clock_key = "mclock";  ///< When the last change was made, within a second; in ms.

// Each returns a reference to `out`, filled with the key. Reusing one string saves an allocation per key.
const std::string& fixed_key(std::string& out, std::string_view gid);
const std::string& state_key(std::string& out, std::string_view gid);
const std::string& row_key(std::string& out, std::string_view gid, std::uint32_t row);
const std::string& due_key(std::string& out, Time due, std::string_view gid);
const std::string& created_key(std::string& out, Time created, std::string_view gid);
const std::string& ended_key(std::string& out, Time ended, std::string_view gid);
const std::string& key_value_key(std::string& out, std::string_view category, std::string_view key);

/// The time and gid of a key of the indexes d, c and e. Null if it is too short to be one.
struct IndexEntry {
    Time time;
    std::string_view gid;
};
std::optional<IndexEntry> parse_index_key(std::string_view key);

/// A place in a listing, as clients see it: URL-safe text that says nothing. `kind` keeps listings apart.
std::string to_position(char kind, std::string_view key);

/// Empty optional: `position` was not made by to_position with this kind.
std::optional<std::string> from_position(char kind, std::string_view position);

}  // namespace dtmd::store::rocks
