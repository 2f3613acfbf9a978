#pragma once

#include "base/time.h"

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>

// Numbers and times as PostgreSQL's binary format has them.
namespace dtmd::store::postgres {

template <std::integral T>
T swapped(T value) {
    if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
        return value;
    } else if constexpr (sizeof(T) == 2) {
        return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    } else if constexpr (sizeof(T) == 4) {
        return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    } else {
        return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
    }
}

template <std::integral T>
void append_number(std::string& out, T value) {
    const T big_endian = swapped(value);
    out.append(reinterpret_cast<const char*>(&big_endian), sizeof big_endian);
}

template <std::integral T>
T read_number(const char* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return swapped(value);
}

/// Microseconds since 2000 began. What no `timestamp` column could show becomes the nearest that all of them can.
std::int64_t to_wire(Time moment);
Time from_wire(std::int64_t microseconds);

}  // namespace dtmd::store::postgres
