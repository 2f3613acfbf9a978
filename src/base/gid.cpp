#include "base/gid.h"

#include <array>

namespace dtmd {
namespace {

// shortuuid's alphabet (no 0, 1, I, O, l), which dtm's clients have seen all along. Its order is ASCII order, so
// the encoding keeps the order of the number.
constexpr std::string_view alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

}  // namespace

std::string new_gid(Time now, Random& random) {
    using Wide = unsigned __int128;
    const Wide time = static_cast<std::uint64_t>(now.time_since_epoch().count()) & 0xFFFF'FFFF'FFFFULL;
    const std::uint64_t high = random.bits();  // One statement each: the order of the draws is part of a seed's replay.
    const Wide noise = (static_cast<Wide>(high & 0xFFFF) << 64) | random.bits();
    Wide number = (time << 80) | noise;

    std::string gid(22, alphabet[0]);
    for (std::size_t i = gid.size(); i-- > 0;) {
        gid[i] = alphabet[static_cast<std::size_t>(number % alphabet.size())];
        number /= alphabet.size();
    }
    return gid;
}

std::string_view why_bad_gid(std::string_view gid) {
    if (gid.empty()) return "gid: must not be empty";
    if (gid.size() > 128) return "gid: must not be longer than 128 bytes";
    for (const char c : gid) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7F) return "gid: must not contain spaces or control characters";
    }
    return {};
}

}  // namespace dtmd
