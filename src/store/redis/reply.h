#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace dtmd::store::redis {

/// What Redis answered to one command.
struct Reply {
    enum class Kind { nil, integer, text, error, list };
    Kind kind = Kind::nil;
    long long integer = 0;
    std::string text;  ///< A string, a status, or an error.
    std::vector<Reply> items;

    bool is_error() const { return kind == Kind::error; }

    /// The item's text; empty if there is no such item.
    const std::string& at(std::size_t index) const;
};

/// Cuts a stream of bytes into replies (RESP2).
class ReplyReader {
public:
    ReplyReader();
    ~ReplyReader();
    ReplyReader(const ReplyReader&) = delete;
    ReplyReader& operator=(const ReplyReader&) = delete;

    void feed(std::string_view bytes);

    /// The next whole reply, if there is one. Errors: `unknown`, if this is not Redis's protocol.
    Result<std::optional<Reply>> next();

private:
    redisReader* const reader_;
};

/// A command as Redis reads it.
class CommandText {
public:
    /// @param words  how many will be added.
    explicit CommandText(std::size_t words);
    CommandText& add(std::string_view word);
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

template <class... Words>
std::string command(const Words&... words) {
    CommandText text(sizeof...(words));
    (text.add(words), ...);
    return text.take();
}

}  // namespace dtmd::store::redis
