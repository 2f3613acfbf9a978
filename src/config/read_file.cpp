#include "config/internal.h"
#include "config/names.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

namespace dtmd::config {
namespace {

constexpr std::size_t max_file = 1 << 20;

/// Where a document begins: at the first thing in it.
class Beginning final : public YAML::EventHandler {
public:
    std::optional<YAML::Mark> mark;

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& at, YAML::anchor_t) override { see(at); }
    void OnAlias(const YAML::Mark& at, YAML::anchor_t) override { see(at); }
    void OnScalar(const YAML::Mark& at, const std::string&, YAML::anchor_t, const std::string&) override { see(at); }
    void OnSequenceStart(const YAML::Mark& at, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
        see(at);
    }
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark& at, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
        see(at);
    }
    void OnMapEnd() override {}

private:
    void see(const YAML::Mark& at) {
        if (!mark) mark = at;
    }
};

class FileReader {
public:
    FileReader(std::string file, Loading& loading) : file_(std::move(file)), loading_(loading) {}

    Settings read(const std::string& text) {
        const YAML::Node document = YAML::Load(text);
        look_for_more(text);
        if (document.IsNull()) return {};
        if (document.IsMap()) {
            read_map(document, "");
        } else {
            complain(document.Mark(), "expected lines like `Key: value`");
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

    // Two documents at most: in front of a comma that begins a line the library finds empty ones for ever.
    void look_for_more(const std::string& text) {
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        Beginning first, second;
        if (!parser.HandleNextDocument(first) || !parser.HandleNextDocument(second)) return;
        const YAML::Mark begin = first.mark.value_or(YAML::Mark()), next = second.mark.value_or(YAML::Mark());
        if (next.pos == begin.pos) return complain(begin, "expected lines like `Key: value`");
        loading_.warnings.add(place(next), "a second document begins here and is ignored");
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
