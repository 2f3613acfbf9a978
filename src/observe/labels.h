#pragma once

#include <array>
#include <string_view>

// The values a label may take. What comes from outside and is none of them becomes "other": a label that clients can
// fill with what they like makes a series per client.
namespace dtmd::observe::labels {

inline constexpr std::string_view other = "other";
inline constexpr std::array<std::string_view, 5> modes{"saga", "tcc", "msg", "xa", "workflow"};
inline constexpr std::array<std::string_view, 5> statuses{"prepared", "submitted", "aborting", "succeed", "failed"};
inline constexpr std::array<std::string_view, 7> ops{"action", "compensate", "confirm", "cancel",
                                                     "commit", "rollback",   "msg"};
inline constexpr std::array<std::string_view, 4> results{"success", "failure", "ongoing", "unknown"};

template <class Known>
constexpr std::string_view fold(const Known& known, std::string_view value) {
    for (const std::string_view candidate : known) {
        if (value == candidate) return candidate;
    }
    return other;
}

constexpr std::string_view mode(std::string_view value) { return fold(modes, value); }
constexpr std::string_view status(std::string_view value) { return fold(statuses, value); }
constexpr std::string_view result(std::string_view value) { return fold(results, value); }
constexpr std::string_view outcome(bool ok) { return ok ? "ok" : "fail"; }

/// A workflow's ops are named by its author.
constexpr std::string_view op(std::string_view value) { return fold(ops, value); }

/// dtm labels by branch id; "00" to "09" have a series each, all others share one.
constexpr std::string_view branch_id(std::string_view value) {
    const bool is_small = value.size() == 2 && value[0] == '0' && value[1] >= '0' && value[1] <= '9';
    return is_small ? value : other;
}

/// A route's name, without what a caller might have left of the query string.
constexpr std::string_view api(std::string_view value) { return value.substr(0, value.find_first_of("?#")); }

}  // namespace dtmd::observe::labels
