#pragma once

#include <cstddef>
#include <string_view>

namespace dtmd::participant {

/// Whether no value in `json` lies deeper than any sane document has it. Writing a document out again takes stack for
/// each level, so what others send must pass here before it is parsed. Valid JSON or not doesn't matter.
inline bool is_shallow_json(std::string_view json) {
    constexpr std::size_t max_depth = 200;
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > max_depth) return false;
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return true;
}

}  // namespace dtmd::participant
