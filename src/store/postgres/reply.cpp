#include "store/postgres/reply.h"

#include "store/postgres/wire.h"

#include <charconv>

namespace dtmd::store::postgres {

std::string_view Reply::text(int column) const {
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
}

// By its length: int2, int4 and int8 are all numbers to us.
std::int64_t Reply::number(int column) const {
    const std::string_view bytes = text(column);
    switch (bytes.size()) {
        case 2: return read_number<std::int16_t>(bytes.data());
        case 4: return read_number<std::int32_t>(bytes.data());
        case 8: return read_number<std::int64_t>(bytes.data());
        default: return 0;
    }
}

bool Reply::flag(int column) const { return text(column) == std::string_view("\1", 1); }

Time Reply::time(int column) const { return is_null(column) ? no_time : from_wire(number(column)); }

std::uint64_t Reply::changed() const {
    const std::string_view digits(PQcmdTuples(result_.get()));
    std::uint64_t count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
}

}  // namespace dtmd::store::postgres
