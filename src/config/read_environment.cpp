#include "config/internal.h"
#include "config/keys.h"

namespace dtmd::config {

Settings read_environment(const Environment& environment) {
    Settings settings;
    const auto look_for = [&](std::string_view path) {
        const std::string name = environment_name(path);
        const auto found = environment.find(name);
        // Set to nothing is how compose files and unit files say "not set".
        if (found == environment.end() || found->second.empty()) return;
        settings.push_back({std::string(path), found->second, {"environment " + name}});
    };
    look_for(alias_type);
    look_for(alias_dsn);
    for (const Key& key : keys()) look_for(key.path);
    return settings;
}

}  // namespace dtmd::config
