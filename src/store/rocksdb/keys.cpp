#include "store/rocksdb/keys.h"

namespace dtmd::store::rocks {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint64_t sign = 1ULL << 63;

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint64_t sortable(Time time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()) ^ sign; }

const std::string& plain_key(std::string& out, char prefix, std::string_view gid) {
    out.clear();
    out.push_back(prefix);
    out.append(gid);
    return out;
}

const std::string& time_key(std::string& out, char prefix, std::uint64_t time, std::string_view gid) {
    out.clear();
    out.push_back(prefix);
    append_big_endian(out, time, 8);
    out.append(gid);
    return out;
}

}  // namespace

const std::string& fixed_key(std::string& out, std::string_view gid) { return plain_key(out, 't', gid); }

const std::string& state_key(std::string& out, std::string_view gid) { return plain_key(out, 's', gid); }

const std::string& row_key(std::string& out, std::string_view gid, std::uint32_t row) {
    plain_key(out, 'b', gid);
    out.push_back('\0');
    append_big_endian(out, row, 4);
    return out;
}

const std::string& due_key(std::string& out, Time due, std::string_view gid) {
    return time_key(out, 'd', sortable(due), gid);
}

const std::string& created_key(std::string& out, Time created, std::string_view gid) {
    return time_key(out, 'c', ~sortable(created), gid);
}

const std::string& ended_key(std::string& out, Time ended, std::string_view gid) {
    return time_key(out, 'e', sortable(ended), gid);
}

const std::string& key_value_key(std::string& out, std::string_view category, std::string_view key) {
    plain_key(out, 'k', category);
    out.push_back('\0');
    out.append(key);
    return out;
}

std::optional<IndexEntry> parse_index_key(std::string_view key) {
    if (key.size() < 10) return std::nullopt;
    std::uint64_t value = 0;
    for (const char byte : key.substr(1, 8)) value = value << 8 | static_cast<std::uint8_t>(byte);
    if (key.front() == 'c') value = ~value;
    return IndexEntry{Time(Millis(static_cast<std::int64_t>(value ^ sign))), key.substr(9)};
}

std::string to_position(char kind, std::string_view key) {
    std::string out(1, kind);
    out.reserve(2 + key.size() * 4 / 3);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : key) {
        bits = bits << 8 | static_cast<std::uint8_t>(byte);
        for (count += 8; count >= 6; count -= 6) out.push_back(alphabet[bits >> (count - 6) & 63]);
    }
    if (count > 0) out.push_back(alphabet[bits << (6 - count) & 63]);
    return out;
}

std::optional<std::string> from_position(char kind, std::string_view position) {
    if (position.empty() || position.front() != kind || position.size() % 4 == 2) return std::nullopt;
    std::string key;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char letter : position.substr(1)) {
        const auto value = alphabet.find(letter);
        if (value == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            key.push_back(static_cast<char>(bits >> count));
        }
    }
    return key;
}

}  // namespace dtmd::store::rocks
