#pragma once

#include <absl/functional/function_ref.h>

#include <cstdint>
#include <string>
#include <string_view>

// JSON as Go's encoder writes it, so that our scripts can compare and cut it as text, and a reader that takes in what
// a strict parser would refuse. Pure.
namespace dtmd::store::redis {

/// Appends `text` as a JSON string, quotes included, escaped as Go does. Bytes that are no UTF-8 become \udc80 to
/// \udcff: Go reads those as U+FFFD, and JsonReader as the bytes they were.
void append_string(std::string& out, std::string_view text);

std::string json_string(std::string_view text);

/// Walks through one JSON text. After the first mistake `ok()` is false, and everything reads as empty.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) : text_(text) {}

    bool ok() const { return ok_; }

    /// Only white space is left.
    bool at_end();

    /// Calls `member(key)` for each member, which must read or skip the value. False: it is null.
    bool object(absl::FunctionRef<void(std::string key)> member);

    /// Calls `element()` for each element, which must read or skip it. False: it is null.
    bool array(absl::FunctionRef<void()> element);

    std::string string();    ///< null reads as empty.
    std::int64_t integer();  ///< null reads as 0. A fraction is cut off; what doesn't fit is a mistake.
    bool boolean();          ///< null reads as false.
    void skip();             ///< Any value.

private:
    char peek();
    bool take(char expected);
    bool take_null();
    bool list(char open, char close, absl::FunctionRef<void()> item);
    void fail() { ok_ = false; }
    void append_escape(std::string& out);
    std::uint32_t hex4();
    void append_code(std::string& out, std::uint32_t code);

    std::string_view text_;
    std::size_t at_ = 0;
    int depth_ = 0;
    bool ok_ = true;
};

}  // namespace dtmd::store::redis
