#pragma once

#include <mysql.h>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace dtmd::store::mysql {

/// The answer to one statement: rows, or how many rows it matched.
///
/// Values are views into it: they live as long as it does.
class Reply {
public:
    Reply(MYSQL_RES* rows, std::uint64_t matched, std::uint64_t first_id)
        : rows_(rows, &mysql_free_result), matched_(matched), first_id_(first_id) {}

    /// Goes to the next row, at first to the first; false at the end.
    bool next();

    /// Columns of the row, from 0. NULL is empty text and the number 0.
    std::string_view text(std::size_t column) const;
    std::int64_t number(std::size_t column) const;
    bool is_null(std::size_t column) const { return row_[column] == nullptr; }

    std::size_t size() const { return rows_ ? mysql_num_rows(rows_.get()) : 0; }
    std::uint64_t matched() const { return matched_; }

    /// The key that the server has given to the first row that was inserted.
    std::int64_t first_id() const { return static_cast<std::int64_t>(first_id_); }

private:
    std::unique_ptr<MYSQL_RES, void (*)(MYSQL_RES*)> rows_;
    MYSQL_ROW row_ = nullptr;
    unsigned long* lengths_ = nullptr;
    std::uint64_t matched_, first_id_;
};

using Replies = std::vector<Reply>;

}  // namespace dtmd::store::mysql
