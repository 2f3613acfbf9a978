#pragma once

#include "config/config.h"

#include <span>
#include <string>
#include <string_view>
#include <variant>

// Every key that a user can set, once: reading, environment names, checks, printing and the manual go by this table.
namespace dtmd::config {

using Slot = std::variant<std::string*, std::int64_t*, bool*>;

struct Key {
    std::string_view path;  ///< "Store.Driver", as in the YAML file.
    Slot (*slot)(Config&);  ///< Where its value lives.
    std::string_view help;  ///< A sentence for the manual.
    std::string_view unit{};
    std::int64_t least = 0, most = 0;  ///< Of a number, both included.
    std::string_view one_of{};         ///< "a|b|c": the only values of a string.
    std::string_view no_effect{};      ///< Why setting it changes nothing in this build; empty: it does.
    std::string_view drivers{};        ///< "mysql|postgres": only these stores use it; empty: it is not about them.
    bool is_secret = false;
};

std::span<const Key> keys();

/// The key with exactly this path; null if there is none.
const Key* find_key(std::string_view path);

/// dtm's rule: Store.MaxOpenConns -> STORE_MAX_OPEN_CONNS. Only Host is DTMD_HOST: many shells set HOST to the
/// machine's name.
std::string environment_name(std::string_view path);

/// Parses `text` into the key's slot. Returns what is wrong with it ("expected ..., got '...'"), or nothing.
std::string assign(const Key& key, Config& config, std::string_view text);

/// The value as a user would write it. Not masked.
std::string text_of(const Key& key, const Config& config);

}  // namespace dtmd::config
