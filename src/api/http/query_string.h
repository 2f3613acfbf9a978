#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Paths and query strings of requests, decoded.
namespace dtmd::api {

/// Percent-decoded text; the error (invalid) names what is wrong with it. NUL and bytes that are not UTF-8 are refused.
/// @param plus_is_space  the rule of query strings; in paths a plus is a plus.
Result<std::string> decode_percent(std::string_view text, bool plus_is_space);

/// The parameters of one query string. A parameter that is empty counts as not given; of several the first counts.
class Query {
public:
    static Result<Query> parse(std::string_view text);

    std::string get(std::string_view name) const;

    /// A whole number from `least` to `most`. Errors (invalid): `convert to int error: <text>`, as dtm says it, or
    /// the bounds.
    Result<std::int64_t> number(std::string_view name, std::int64_t fallback, std::int64_t least,
                                std::int64_t most) const;

    /// Entries per page: at least 1; more than 1000 are given as 1000 (the answer says that there are more).
    Result<std::size_t> limit() const;

private:
    std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace dtmd::api
