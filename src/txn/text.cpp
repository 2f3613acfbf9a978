#include "txn/text.h"

#include <cstdint>

namespace dtmd::txn {
namespace {

// Length of the well-formed character at the start of `text`, 0 if there is none (RFC 3629: no surrogates, no
// overlong forms, nothing above U+10FFFF).
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
    if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
    return length;
}

}  // namespace

std::string storable_text(std::string_view text, std::size_t most) {
    std::string clean;
    while (!text.empty() && clean.size() < most) {
        const std::size_t length = character_length(text);
        if (length == 0 || text.front() == '\0') {
            clean += '?';
            text.remove_prefix(1);
            continue;
        }
        if (clean.size() + length > most) break;
        clean += text.substr(0, length);
        text.remove_prefix(length);
    }
    return clean;
}

}  // namespace dtmd::txn
