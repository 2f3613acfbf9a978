#pragma once

#include "config/config.h"

#include <string>
#include <vector>

// The steps of load(), each adding what it finds to `problems` (which end the loading) or to loaded.warnings.
namespace dtmd::config {

/// The aliases of published guides, which stand for other keys.
struct Aliases {
    std::string type, dsn;
    std::string dsn_where, type_where;  ///< "dtmd.yml:3" or "STORE_DSN", for messages.
};

void read_environment(const Environment& environment, Loaded& loaded, Aliases& aliases, std::vector<std::string>& problems);
void read_file(const std::string& file, Loaded& loaded, Aliases& aliases, std::vector<std::string>& problems);

/// `user:password@tcp(host:port)/db?...` into the store's fields. Returns a complaint that never shows the password.
std::string read_dsn(const std::string& dsn, Store& store);

/// What only shows when all values are known.
void check(Loaded& loaded, std::vector<std::string>& problems);

}  // namespace dtmd::config
