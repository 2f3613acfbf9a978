#include "config/internal.h"
#include "config/keys.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace dtmd::config {
namespace {

class FileReader {
public:
    FileReader(std::string file, Loaded& loaded, Aliases& aliases, std::vector<std::string>& problems)
        : file_(std::move(file)), loaded_(loaded), aliases_(aliases), problems_(problems) {}

    void read(const YAML::Node& root) {
        if (root.IsNull()) return;
        if (!root.IsMap()) {
            problems_.push_back(file_ + ": expected `Key: value` lines");
            return;
        }
        read_map(root, "");
    }

private:
    std::string where(const YAML::Node& node) const {
        const YAML::Mark mark = node.Mark();
        return file_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
    }

    void read_map(const YAML::Node& map, const std::string& prefix) {
        std::set<std::string> seen;
        for (const auto& item : map) {
            const std::string path = prefix + item.first.as<std::string>("");
            if (!seen.insert(path).second) {
                problems_.push_back(where(item.first) + ": " + path + ": is set twice");
                continue;
            }
            read_item(path, item.first, item.second);
        }
    }

    void read_item(const std::string& path, const YAML::Node& name, const YAML::Node& value) {
        if (path == "Store.Type" || path == "Store.Dsn") return read_alias(path, value);
        if (is_section(path)) {
            if (value.IsMap()) return read_map(value, path + ".");
            if (!value.IsNull()) problems_.push_back(where(value) + ": " + path + ": expected keys below it, indented");
            return;
        }
        const Key* key = find_key(path);
        if (key == nullptr) {
            key = find_key_any_case(path);
            const std::string nearest(key != nullptr ? key->path : nearest_path(path));
            const char* const verdict = key != nullptr ? ": is spelled '" : ": unknown key, ignored: did you mean '";
            loaded_.warnings.push_back(where(name) + ": " + path + verdict + nearest + (key != nullptr ? "'" : "'?"));
            if (key == nullptr) return;
        }
        if (value.IsNull()) return;  // "Key:" alone leaves the default.
        if (!value.IsScalar()) {
            problems_.push_back(where(value) + ": " + path + ": expected a single value");
            return;
        }
        const std::string complaint = assign(*key, loaded_.config, value.Scalar());
        if (!complaint.empty()) problems_.push_back(where(value) + ": " + path + ": " + complaint);
    }

    void read_alias(const std::string& path, const YAML::Node& value) {
        if (value.IsNull()) return;
        if (!value.IsScalar()) {
            problems_.push_back(where(value) + ": " + path + ": expected a single value");
            return;
        }
        const bool dsn = path == "Store.Dsn";
        (dsn ? aliases_.dsn : aliases_.type) = value.Scalar();
        (dsn ? aliases_.dsn_where : aliases_.type_where) = where(value) + ": " + path;
    }

    std::string file_;
    Loaded& loaded_;
    Aliases& aliases_;
    std::vector<std::string>& problems_;
};

}  // namespace

void read_file(const std::string& file, Loaded& loaded, Aliases& aliases, std::vector<std::string>& problems) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) {
        problems.push_back(file + ": is a folder: -c takes a YAML file");
        return;
    }
    std::ifstream stream(file);
    if (!stream) {
        problems.push_back(file + ": cannot be read: " + std::strerror(errno));
        return;
    }
    std::ostringstream text;
    text << stream.rdbuf();
    try {
        FileReader(file, loaded, aliases, problems).read(YAML::Load(text.str()));
    } catch (const YAML::Exception& failed) {
        problems.push_back(file + ":" + std::to_string(failed.mark.line + 1) + ":" + std::to_string(failed.mark.column + 1) +
                           ": not valid YAML: " + failed.msg);
    }
}

void read_environment(const Environment& environment, Loaded& loaded, Aliases& aliases, std::vector<std::string>& problems) {
    const auto value_of = [&](const std::string& name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::string() : found->second;
    };
    for (const Key& key : keys()) {
        // A bare HOST is set by many shells and means the machine's name there.
        const std::string name = key.path == "Host" ? "DTMD_HOST" : environment_name(key.path);
        const std::string value = value_of(name);
        if (value.empty()) continue;
        const std::string complaint = assign(key, loaded.config, value);
        if (!complaint.empty()) problems.push_back("environment " + name + ": " + complaint);
    }
    aliases.type = value_of("STORE_TYPE");
    aliases.type_where = "environment STORE_TYPE";
    aliases.dsn = value_of("STORE_DSN");
    aliases.dsn_where = "environment STORE_DSN";
    loaded.config.is_docker = !value_of("IS_DOCKER").empty();
}

}  // namespace dtmd::config
