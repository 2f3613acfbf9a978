#pragma once

#include "base/random.h"
#include "base/time.h"

#include <string>
#include <string_view>

namespace dtmd {

/// A new global transaction id: 22 characters that need no escaping in URLs, SQL or JSON.
///
/// The leading part is the time in milliseconds, so ids made later sort later and B-trees append instead of
/// scattering; the rest is 80 random bits (design: docs/decisions/0005-time-ordered-gids.md).
std::string new_gid(Time now, Random& random);

/// Why `gid` can't name a transaction, or empty if it can: 1 to 128 bytes, no control characters, no spaces.
/// 128 is the width of the gid column in dtm's SQL stores.
std::string_view why_bad_gid(std::string_view gid);

}  // namespace dtmd
