#include "config/keys.h"

#include <yaml-cpp/yaml.h>

namespace dtmd::config {
namespace {

constexpr const char* mask = "******";

// "https://user:secret@host/" -> "https://******@host/"
std::string without_login(std::string url) {
    const auto scheme = url.find("://");
    if (scheme == url.npos) return url;
    const auto end = url.find_first_of("/?#", scheme + 3);
    const auto at = url.rfind('@', end);
    if (at != url.npos && at > scheme) url.replace(scheme + 3, at - scheme - 3, mask);
    return url;
}

}  // namespace

std::string to_yaml(const Config& config) {
    Config copy = config;
    copy.alert_web_hook = without_login(copy.alert_web_hook);
    YAML::Emitter out;
    out << YAML::BeginMap;
    std::string section;
    for (const Key& key : keys()) {
        const auto dot = key.path.find('.');
        const std::string own(dot == key.path.npos ? "" : key.path.substr(0, dot));
        if (own != section) {
            if (!section.empty()) out << YAML::EndMap;
            if (!own.empty()) out << YAML::Key << own << YAML::Value << YAML::BeginMap;
            section = own;
        }
        out << YAML::Key << std::string(dot == key.path.npos ? key.path : key.path.substr(dot + 1)) << YAML::Value;
        const Slot slot = key.slot(copy);
        if (const auto* const number = std::get_if<std::int64_t*>(&slot)) {
            out << **number;
        } else if (const auto* const flag = std::get_if<bool*>(&slot)) {
            out << **flag;
        } else {
            const std::string& text = **std::get_if<std::string*>(&slot);
            out << (key.is_secret && !text.empty() ? std::string(mask) : text);
        }
    }
    if (!section.empty()) out << YAML::EndMap;
    out << YAML::EndMap;
    return out.c_str();
}

}  // namespace dtmd::config
