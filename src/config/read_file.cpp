#include "config/internal.h"
#include "config/names.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

namespace dtmd::config {
namespace {

constexpr std::size_t max_file = 1 << 20;

class FileReader {
public:
    FileReader(std::string file, Loading& loading) : file_(std::move(file)), loading_(loading) {}

    Settings read(const std::string& text) {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() > 1) {
            loading_.warnings.add(place(documents[1].Mark()), "a second document begins here and is ignored");
        }
        if (documents.empty() || documents[0].IsNull()) return {};
        if (documents[0].IsMap()) {
            read_map(documents[0], "");
        } else {
            complain(documents[0].Mark(), "expected lines like `Key: value`");
        }
        return std::move(settings_);
    }

    void complain(const YAML::Mark& mark, const std::string& complaint) {
        loading_.problems.add(place(mark), complaint);
    }

private:
    Place place(const YAML::Mark& mark) const {
        if (mark.is_null()) return {file_};
        const int line = mark.line + 1;
        return {file_ + ":" + std::to_string(line) + ":" + std::to_string(mark.column + 1), line};
    }

    void read_map(const YAML::Node& map, const std::string& prefix) {
        for (const auto& item : map) {
            if (item.first.IsScalar()) {
                read_item(prefix + item.first.Scalar(), item.first, item.second);
            } else {
                complain(item.first.Mark(), "expected a line like `Key: value`");
            }
        }
    }

    void read_item(const std::string& written, const YAML::Node& name, const YAML::Node& value) {
        const Resolved found = resolve(written);
        const auto [first, is_first] = lines_.emplace(found.path, name.Mark().line + 1);
        if (!is_first) {
            return complain(name.Mark(),
                            found.path + ": is set twice; the first time in line " + std::to_string(first->second));
        }
        if (found.kind == Resolved::Kind::unknown) return warn_unknown(found, name);
        if (found.path != written) {
            loading_.warnings.add(place(name.Mark()), written + ": is spelled '" + found.path + "'");
        }
        if (value.IsNull()) return;  // "Key:" alone leaves it as it is.
        if (found.kind == Resolved::Kind::section) {
            if (value.IsMap()) return read_map(value, found.path + ".");
            return complain(value.Mark(), found.path + ": expected its keys below it, indented");
        }
        if (!value.IsScalar()) return complain(value.Mark(), found.path + ": expected a single value");
        Place here = place(value.Mark());
        here.name += ": " + found.path;
        settings_.push_back({found.path, value.Scalar(), std::move(here)});
    }

    void warn_unknown(const Resolved& found, const YAML::Node& name) {
        const std::string advice = found.suggestion.empty() ? "; config/dtmd.yml shows all that there are"
                                                            : ": did you mean '" + found.suggestion + "'?";
        loading_.warnings.add(place(name.Mark()), "unknown key '" + found.path + "' is ignored" + advice);
    }

    std::string file_;
    Loading& loading_;
    Settings settings_;
    std::map<std::string, int> lines_;  // Where each path was first seen.
};

// What the file holds. Returns a complaint, or nothing.
std::string read_all(const std::string& file, std::string& text) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) return "is a folder; name the YAML file itself";
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return "cannot be read: " + std::string(std::strerror(errno)) + "; check the path given with -c";
    text.resize(max_file + 1);
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (stream.bad()) return "cannot be read: " + std::string(std::strerror(errno));
    if (text.size() > max_file) return "is larger than 1 MiB; this is no configuration file";
    // The YAML library takes a zero byte for the end. UTF-16, which it reads, begins with a mark.
    const bool is_utf16 = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
    if (!is_utf16 && text.find('\0') != text.npos) return "is not a text file; name the YAML file";
    return {};
}

}  // namespace

Settings read_file(const std::string& file, Loading& loading) {
    std::string text;
    if (const std::string complaint = read_all(file, text); !complaint.empty()) {
        loading.problems.add({file}, complaint);
        return {};
    }
    FileReader reader(file, loading);
    try {
        return reader.read(text);
    } catch (const YAML::Exception& failed) {
        reader.complain(failed.mark, "not valid YAML: " + failed.msg);
        return {};
    }
}

}  // namespace dtmd::config
