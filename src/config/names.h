#pragma once

#include <string>
#include <string_view>
#include <vector>

// Words, and how alike they are.
namespace dtmd::config {

/// ASCII only.
std::string lower(std::string_view text);

/// The parts between the separators; at least one.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The one of `words` that `word` is most likely a misspelling of, case aside. Empty if it resembles none.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& words);

/// How a path in a file relates to the keys that exist.
struct Resolved {
    enum class Kind { key, section, alias, unknown };
    Kind kind = Kind::unknown;
    std::string path;        ///< As it is spelled properly; of an unknown one as it was given.
    std::string suggestion;  ///< Of an unknown one: the path that was probably meant, or empty.
};

/// Looks for exactly this path first, then for one that differs only in case.
Resolved resolve(std::string_view path);

}  // namespace dtmd::config
