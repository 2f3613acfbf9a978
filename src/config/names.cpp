#include "config/names.h"

#include "config/internal.h"
#include "config/keys.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace dtmd::config {
namespace {

using Kind = Resolved::Kind;
using Words = std::vector<std::string_view>;

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
        }
    }
    return row.back();
}

std::string_view section_of(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == path.npos ? std::string_view() : path.substr(0, dot);
}

std::string_view last_of(std::string_view path) { return path.substr(path.rfind('.') + 1); }

struct Known {
    std::string_view path;
    Kind kind;
};

const std::vector<Known>& known_paths() {
    static const std::vector<Known> paths = [] {
        std::vector<Known> found{{alias_type, Kind::alias}, {alias_dsn, Kind::alias}};
        for (const Key& key : keys()) {
            found.push_back({key.path, Kind::key});
            const std::string_view section = section_of(key.path);
            if (section.empty() || std::ranges::find(found, section, &Known::path) != found.end()) continue;
            found.push_back({section, Kind::section});
        }
        return found;
    }();
    return paths;
}

// A misspelled neighbour first, then a key that stands in the wrong section.
std::string suggestion_for(std::string_view path) {
    Words siblings;
    for (const Known& known : known_paths()) {
        if (section_of(known.path) == section_of(path)) siblings.push_back(known.path);
    }
    if (const std::string_view sibling = nearest(path, siblings); !sibling.empty()) return std::string(sibling);
    const std::string name = lower(last_of(path));
    for (const Known& known : known_paths()) {
        if (lower(last_of(known.path)) == name) return std::string(known.path);
    }
    return {};
}

}  // namespace

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string_view nearest(std::string_view word, const Words& words) {
    constexpr std::size_t longest = 100;  // The comparison's cost grows with the square.
    if (word.size() > longest) return {};
    std::string_view best;
    // Two letters turned around make a distance of two; in long words there may be more wrong.
    std::size_t least = std::max<std::size_t>(2, last_of(word).size() / 3) + 1;
    for (const std::string_view candidate : words) {
        const std::size_t distance = edit_distance(lower(word), lower(candidate));
        if (distance >= least) continue;
        least = distance;
        best = candidate;
    }
    return best;
}

Resolved resolve(std::string_view path) {
    const std::string wanted = lower(path);
    const Known* any_case = nullptr;
    for (const Known& known : known_paths()) {
        if (known.path == path) return {known.kind, std::string(path), {}};
        if (any_case == nullptr && lower(known.path) == wanted) any_case = &known;
    }
    if (any_case != nullptr) return {any_case->kind, std::string(any_case->path), {}};
    return {Kind::unknown, std::string(path), suggestion_for(path)};
}

}  // namespace dtmd::config
