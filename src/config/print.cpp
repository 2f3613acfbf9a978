#include "config/keys.h"
#include "config/names.h"

#include <yaml-cpp/yaml.h>

namespace dtmd::config {
namespace {

constexpr std::string_view mask = "******";
constexpr std::size_t longest_shown = 20;  ///< A longer word in a path is a token more often than not.

// "https://user:secret@host/hooks/8fd0...e1?token=x" -> "https://******@host/hooks/******?******"
std::string without_secrets(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == url.npos) return std::string(url);
    const auto start = scheme + 3;
    const auto path = std::min(url.find_first_of("/?#", start), url.size());
    const std::string_view host = url.substr(start, path - start);
    const auto at = host.rfind('@');

    std::string shown(url.substr(0, start));
    shown.append(at == host.npos ? host : std::string(mask).append(host.substr(at)));
    const auto query = std::min(url.find_first_of("?#", path), url.size());
    bool is_first = true;
    for (const std::string_view word : split(url.substr(path, query - path), '/')) {
        shown.append(is_first ? "" : "/").append(word.size() > longest_shown ? mask : word);
        is_first = false;
    }
    if (query < url.size()) shown.append(url.substr(query, 1)).append(mask);
    return shown;
}

// "user:secret@tcp(host:3306)/db" -> "******@tcp(host:3306)/db"
std::string without_login(std::string_view text) {
    const auto at = text.rfind("@tcp(");
    return at == text.npos ? without_secrets(text) : std::string(mask).append(text.substr(at));
}

std::string shown(const Key& key, const Config& config) {
    const std::string text = text_of(key, config);
    if (key.is_secret && text != text_of(key, Config())) return std::string(mask);
    return without_login(text);
}

}  // namespace

std::string to_yaml(const Config& config) {
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
        out << YAML::Key << std::string(dot == key.path.npos ? key.path : key.path.substr(dot + 1));
        out << YAML::Value << shown(key, config);
    }
    if (!section.empty()) out << YAML::EndMap;
    out << YAML::EndMap;
    return std::string(out.c_str()) + "\n";
}

}  // namespace dtmd::config
