#pragma once

#include "config/config.h"

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>

// Every key that a user can set, once: reading, environment names, checks and printing all go by this table.
namespace dtmd::config {

using Slot = std::variant<std::string*, std::int64_t*, bool*>;

struct Key {
    std::string_view path;  ///< "Store.Driver", as in the YAML file.
    Slot (*slot)(Config&);  ///< Where its value lives.
    std::int64_t least = 0;
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
    std::string_view one_of{};  ///< "a|b|c": the only values of a string.
    bool is_secret = false;
};

std::span<const Key> keys();

/// dtm's rule: Store.MaxOpenConns -> STORE_MAX_OPEN_CONNS.
std::string environment_name(std::string_view path);

/// The key with this path; null if there is none.
const Key* find_key(std::string_view path);
/// The same, whatever the case.
const Key* find_key_any_case(std::string_view path);
/// The known path that is most like this one.
std::string_view nearest_path(std::string_view path);
/// Whether some key lies below "section.".
bool is_section(std::string_view path);

/// Parses `text` into the key's slot. Returns what is wrong with it ("expected ..., got '...'"), or nothing.
std::string assign(const Key& key, Config& config, const std::string& text);

}  // namespace dtmd::config
