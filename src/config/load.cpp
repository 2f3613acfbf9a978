#include "config/internal.h"
#include "config/keys.h"

#include <unistd.h>

#include <algorithm>

namespace dtmd::config {
namespace {

void apply_dsn(const Setting& dsn, Loading& loading) {
    const std::string complaint = read_dsn(dsn.text, loading.config.store);
    if (!complaint.empty()) loading.problems.add(dsn.place, complaint);
    for (const char* const path : {"Store.User", "Store.Password", "Store.Host", "Store.Port", "Store.Db"}) {
        loading.places[path] = dsn.place;
    }
}

void apply_type(const Setting& type, const Settings& settings, Loading& loading) {
    const auto driver = std::ranges::find(settings, "Store.Driver", &Setting::path);
    if (driver != settings.end()) {
        if (driver->text == type.text) return;
        return loading.warnings.add(type.place, "is ignored, since Store.Driver is set to another value");
    }
    const std::string complaint = assign(*find_key("Store.Driver"), loading.config, type.text);
    if (!complaint.empty()) loading.problems.add(type.place, complaint);
    loading.places["Store.Driver"] = type.place;
}

// Aliases first: where both are given, the key itself is what counts.
void apply_settings(const Settings& settings, Loading& loading) {
    for (const Setting& setting : settings) {
        if (setting.path == alias_dsn) apply_dsn(setting, loading);
        if (setting.path == alias_type) apply_type(setting, settings, loading);
    }
    for (const Setting& setting : settings) {
        const Key* const key = find_key(setting.path);
        if (key == nullptr) continue;
        const std::string complaint = assign(*key, loading.config, setting.text);
        if (!complaint.empty()) loading.problems.add(setting.place, complaint);
        loading.places[setting.path] = setting.place;
    }
}

}  // namespace

void Messages::add(const Place& place, std::string_view text) {
    messages_.emplace(place.line, std::string(place.name).append(": ").append(text));
}

std::vector<std::string> Messages::in_order() const {
    std::vector<std::string> texts;
    for (const auto& [line, text] : messages_) texts.push_back(text);
    return texts;
}

Place Loading::place(std::string_view path) const {
    const auto found = places.find(path);
    return found == places.end() ? Place{std::string(path)} : found->second;
}

Result<Loaded> load(const std::string& file, const Environment& environment) {
    Loading loading;
    const auto docker = environment.find("IS_DOCKER");
    loading.config.is_docker = docker != environment.end() && !docker->second.empty();
    apply_settings(read_environment(environment), loading);
    if (!file.empty()) apply_settings(read_file(file, loading), loading);
    check(loading);
    if (loading.problems.empty()) {
        return Loaded{std::move(loading.config), loading.warnings.in_order(), std::move(loading.notes)};
    }
    std::string all;
    for (const std::string& problem : loading.problems.in_order()) all.append(all.empty() ? "" : "\n").append(problem);
    return Error{Errc::invalid, std::move(all)};
}

Environment process_environment() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals != text.npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

}  // namespace dtmd::config
