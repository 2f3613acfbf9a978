#pragma once

#include "base/result.h"
#include "txn/transaction.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Request bodies. Clients in many languages rely on Go's decoding rules (protocol.md 1.0), so those are the rules here.
namespace dtmd::api {

/// A JSON value as it came: members in their order, numbers that are not whole kept as text.
struct Json {
    enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, object };

    Kind kind = Kind::null;
    std::int64_t integer = 0;  ///< boolean (0, 1) and integer.
    std::string key;           ///< If this is a member of an object.
    std::string text;          ///< string: its value; number: as it was sent.
    std::vector<Json> items;   ///< array and object.
};

inline constexpr std::size_t max_json_depth = 64;        ///< Nested deeper is refused: no client of dtm comes near 10.
inline constexpr std::size_t max_json_values = 100'000;  ///< Bounds what a body can make of our memory.

/// Any value. Complaints call the text `name`.
Result<Json> parse_json(std::string_view text, std::string_view name);

/// Any value, made the member `name` of an object, so that Fields can take it.
Result<Json> parse_member(std::string_view text, std::string name);

/// The object in `body`. The error (invalid) says where the body stops being one.
Result<Json> parse_object(std::string_view body);

/// What people call this value in a complaint: "an object", "5", "null".
std::string described(const Json& value);

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Takes the members of an object out of it, by name.
///
/// A name matches exactly or, failing that, whatever its case; of several the last counts. Members that are null were
/// not given: the variable keeps its value. The first member that has the wrong type makes the complaint.
class Fields {
public:
    /// @param prefix  put before the names in complaints, for example "transaction.".
    explicit Fields(Json& object, std::string prefix = {}) : object_(object), prefix_(std::move(prefix)) {}

    void take(std::string_view name, std::string& out);
    void take(std::string_view name, std::int64_t& out);
    void take(std::string_view name, bool& out);
    void take(std::string_view name, std::vector<std::string>& out);  ///< A null in it is an empty string.
    void take(std::string_view name, Pairs& out);                     ///< Sorted by name; nulls are left out.
    void take(std::string_view name, std::vector<txn::Step>& out);    ///< A null in it is an empty step.

    /// The value, or null if the member was not given.
    Json* find(std::string_view name);

    /// Complains unless every member is a string or null.
    void require_flat_strings();

    /// "retry_interval: expected an integer, got \"5\"", or empty.
    const std::string& complaint() const { return complaint_; }

private:
    void complain(std::string_view name, std::string_view expected, const Json& got);
    void take_pairs(std::string_view name, Json& object, Pairs& out);

    Json& object_;
    std::string prefix_;
    std::string complaint_;
};

}  // namespace dtmd::api
