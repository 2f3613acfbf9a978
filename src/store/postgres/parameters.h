#pragma once

#include "base/time.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dtmd::store::postgres {

/// A column of values that travels as one array parameter: `unnest($1::text[])`. Binary, so nothing is escaped.
class Array {
public:
    enum class Type : std::uint32_t { bytes = 17, number = 20, text = 25, time = 1184 };  ///< The server's own numbers.

    explicit Array(Type type) : type_(type) {}

    void add(std::string_view text);  ///< For `text` and `bytes`.
    void add(std::int64_t number);
    void add(Time moment);  ///< NULL if it is not set.

    bool empty() const { return count_ == 0; }
    std::int32_t size() const { return count_; }
    Type type() const { return type_; }

    /// The whole, as the server reads it.
    std::string wire() const;

private:
    Type type_;
    std::int32_t count_ = 0;
    bool has_null_ = false;
    std::string elements_;
};

/// Values for $1, $2, ... of one statement.
class Parameters {
public:
    Parameters& text(std::string_view value) { return push(std::string(value)); }
    Parameters& number(std::int64_t value);
    Parameters& time(Time moment);  ///< Must be set.
    Parameters& array(const Array& values) { return push(values.wire()); }
    Parameters& texts(const std::vector<std::string>& values);
    Parameters& numbers(const std::vector<std::int64_t>& values);

    const std::vector<std::string>& wire() const { return wire_; }

private:
    Parameters& push(std::string value);

    std::vector<std::string> wire_;
};

/// One statement with its values. Values only ever travel as parameters; `text` is our own words.
struct Query {
    std::string text;
    Parameters parameters{};
};

}  // namespace dtmd::store::postgres
