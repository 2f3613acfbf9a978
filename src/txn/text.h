#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dtmd::txn {

/// `text` as every store and every JSON writer takes it: valid UTF-8 without NUL, at most `most` bytes, never cut
/// inside a character. What participants answer is anything; each byte that doesn't fit becomes '?'.
std::string storable_text(std::string_view text, std::size_t most);

}  // namespace dtmd::txn
