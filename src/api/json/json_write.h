#pragma once

#include "api/json/json_read.h"
#include "base/time.h"

#include <cstdint>
#include <string>
#include <string_view>

// Answers, written straight into a string: the order of the members is part of the wire format (protocol.md 4).
namespace dtmd::api {

/// `text` as a JSON string, escaped like Go's encoder. Bytes that are not UTF-8 become U+FFFD: stored texts may come
/// from participants, which can answer anything.
void append_quoted(std::string& out, std::string_view text);

bool is_utf8(std::string_view text);

/// The value as JSON again: what was read, members in their order.
void append_json(std::string& out, const Json& value);

/// `"2026-11-21T04:49:14.484Z"`, in the local zone with its offset, like Go.
void append_time(std::string& out, Time time);

/// An object under construction. Between construction and `close` only this writes to `out`.
class ObjectWriter {
public:
    explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }

    void string(std::string_view key, std::string_view value);
    void integer(std::string_view key, std::int64_t value);
    void boolean(std::string_view key, bool value);
    void time_or_null(std::string_view key, Time value);

    // Left out when empty, zero, false or unset.
    void string_if(std::string_view key, std::string_view value);
    void integer_if(std::string_view key, std::int64_t value);
    void true_if(std::string_view key, bool value);
    void time_if(std::string_view key, Time value);

    /// The caller appends the value itself.
    std::string& value(std::string_view key);

    void close() { out_ += '}'; }

private:
    std::string& out_;
    bool empty_ = true;
};

/// `[a,b]` of whatever `append(out, item)` writes for each item.
template <class Items, class Append>
void append_array(std::string& out, const Items& items, Append append) {
    out += '[';
    bool first = true;
    for (const auto& item : items) {
        if (!first) out += ',';
        first = false;
        append(out, item);
    }
    out += ']';
}

}  // namespace dtmd::api
