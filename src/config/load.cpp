#include "config/internal.h"

#include <unistd.h>

namespace dtmd::config {

Result<Loaded> load(const std::string& file, const Environment& environment) {
    Loaded loaded;
    Aliases aliases;
    std::vector<std::string> problems;
    read_environment(environment, loaded, aliases, problems);
    if (!file.empty()) read_file(file, loaded, aliases, problems);

    if (!aliases.type.empty()) loaded.config.store.driver = aliases.type;
    if (!aliases.dsn.empty()) {
        const std::string complaint = read_dsn(aliases.dsn, loaded.config.store);
        if (!complaint.empty()) problems.push_back(aliases.dsn_where + ": " + complaint);
    }
    check(loaded, problems);
    if (problems.empty()) return loaded;

    std::string all;
    for (const std::string& problem : problems) all += (all.empty() ? "" : "\n") + problem;
    return Error{Errc::invalid, std::move(all)};
}

Environment process_environment() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const auto equals = text.find('=');
        if (equals != text.npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

}  // namespace dtmd::config
