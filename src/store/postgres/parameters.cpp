#include "store/postgres/parameters.h"

#include "store/postgres/wire.h"

#include <utility>

namespace dtmd::store::postgres {

void Array::add(std::string_view text) {
    append_number(elements_, static_cast<std::int32_t>(text.size()));
    elements_ += text;
    ++count_;
}

void Array::add(std::int64_t number) {
    append_number(elements_, static_cast<std::int32_t>(sizeof number));
    append_number(elements_, number);
    ++count_;
}

void Array::add(Time moment) {
    if (moment != no_time) return add(to_wire(moment));
    append_number(elements_, std::int32_t{-1});
    has_null_ = true;
    ++count_;
}

std::string Array::wire() const {
    std::string out;
    out.reserve(20 + elements_.size());
    append_number(out, std::int32_t{count_ == 0 ? 0 : 1});  // Dimensions.
    append_number(out, std::int32_t{has_null_});
    append_number(out, static_cast<std::uint32_t>(type_));
    if (count_ == 0) return out;
    append_number(out, count_);
    append_number(out, std::int32_t{1});  // The first index.
    return out += elements_;
}

Parameters& Parameters::number(std::int64_t value) {
    std::string wire;
    append_number(wire, value);
    return push(std::move(wire));
}

Parameters& Parameters::time(Time moment) { return number(to_wire(moment)); }

Parameters& Parameters::texts(const std::vector<std::string>& values) {
    Array all(Array::Type::text);
    for (const auto& value : values) all.add(value);
    return array(all);
}

Parameters& Parameters::numbers(const std::vector<std::int64_t>& values) {
    Array all(Array::Type::number);
    for (const auto value : values) all.add(value);
    return array(all);
}

Parameters& Parameters::push(std::string value) {
    wire_.push_back(std::move(value));
    return *this;
}

}  // namespace dtmd::store::postgres
