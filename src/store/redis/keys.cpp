#include "store/redis/keys.h"

namespace dtmd::store::redis {
namespace {

constexpr std::uint16_t slots = 16384;

std::uint16_t crc16(std::string_view text) {
    std::uint32_t crc = 0;
    for (const char letter : text) {
        crc ^= static_cast<std::uint32_t>(static_cast<std::uint8_t>(letter)) << 8;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    return static_cast<std::uint16_t>(crc);
}

// Fixed for ever: it says where a stored transaction is.
std::uint64_t fnv(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char letter : text) hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3;
    return hash;
}

Slice slice_at(std::string prefix) {
    const std::uint16_t slot = slot_of(prefix);
    return {.prefix = std::move(prefix), .slot = slot};
}

}  // namespace

Layout::Layout(std::string prefix) : base_(slice_at(std::move(prefix))), slices_{base_} {}

Layout::Layout(const std::string& prefix, std::size_t slices) : base_(slice_at(prefix)) {
    std::string bare;
    for (const char letter : prefix) {
        if (letter != '{' && letter != '}') bare += letter;
    }
    for (std::size_t i = 0; i < slices; ++i) {
        slices_.push_back(slice_at("{" + bare + ":" + std::to_string(i) + "}"));
    }
}

std::size_t Layout::slice_of(std::string_view gid) const {
    return slices_.size() == 1 ? 0 : static_cast<std::size_t>(fnv(gid) % slices_.size());
}

std::uint16_t slot_of(std::string_view key) {
    const auto open = key.find('{');
    if (open != std::string_view::npos) {
        const auto close = key.find('}', open + 1);
        if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
    }
    return crc16(key) % slots;
}

std::string glob_escaped(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        if (std::string_view("*?[]^-\\").find(letter) != std::string_view::npos) out += '\\';
        out += letter;
    }
    return out;
}

}  // namespace dtmd::store::redis
