#pragma once

#include "config/config.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

// The steps of load(): two readers find settings, load.cpp applies them, check.cpp looks at the whole.
namespace dtmd::config {

/// Keys of published guides, which stand for others: Store.Driver, and what a connection string says at once.
inline constexpr std::string_view alias_type = "Store.Type", alias_dsn = "Store.Dsn";

/// Where the user wrote something.
struct Place {
    std::string name;  ///< How messages about it begin: "dtmd.yml:3:9: Store.Port", "environment STORE_PORT".
    int line = 0;      ///< 0: not in the file.
};

/// Something the user wrote.
struct Setting {
    std::string path;  ///< Of a key or an alias, spelled properly.
    std::string text;
    Place place;
};
using Settings = std::vector<Setting>;

/// Problems or warnings, told in the order of the file's lines in which they lie.
class Messages {
public:
    void add(const Place& place, std::string_view text);
    bool empty() const { return messages_.empty(); }
    std::vector<std::string> in_order() const;

private:
    std::multimap<int, std::string> messages_;
};

/// A loading under way.
struct Loading {
    Config config;
    std::vector<std::string> notes;
    Messages problems;  ///< Any of them ends the loading.
    Messages warnings;
    std::map<std::string, Place, std::less<>> places;  ///< Of each key that was set.

    /// Where this key was set; just its path if it was not.
    Place place(std::string_view path) const;
};

Settings read_environment(const Environment& environment);

/// Problems and warnings about the file itself, its YAML and its keys go into `loading`.
Settings read_file(const std::string& file, Loading& loading);

/// `user:password@tcp(host:port)/db?...` into the store's fields. Returns a complaint that never shows the password.
std::string read_dsn(std::string_view dsn, Store& store);

/// What only shows when all values are known.
void check(Loading& loading);

}  // namespace dtmd::config
