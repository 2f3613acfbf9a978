#include "store/postgres/wire.h"

#include <algorithm>

namespace dtmd::store::postgres {
namespace {

using namespace std::chrono;

constexpr Time epoch = sys_days(year(2000) / January / 1), first = sys_days(year(1) / January / 1),
               last = sys_days(year(9999) / December / 31);

}  // namespace

std::int64_t to_wire(Time moment) { return microseconds(std::clamp(moment, first, last) - epoch).count(); }

// "infinity" and what lies beyond our own bounds are brought inside them.
Time from_wire(std::int64_t wire) {
    const auto since = std::clamp(microseconds(wire), microseconds(first - epoch), microseconds(last - epoch));
    return epoch + floor<Millis>(since);
}

}  // namespace dtmd::store::postgres
