#pragma once

#include "base/time.h"

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace dtmd::store::postgres {

/// The answer to one statement: rows, or how many rows it changed.
///
/// Values are views into it: they live as long as it does.
class Reply {
public:
    explicit Reply(PGresult* result) : result_(result, &PQclear) {}

    /// Goes to the next row, at first to the first; false at the end.
    bool next() { return ++row_ < PQntuples(result_.get()); }

    /// Columns of the row, from 0. NULL is empty text, the number 0, false and "not set".
    std::string_view text(int column) const;
    std::int64_t number(int column) const;
    bool flag(int column) const;
    Time time(int column) const;
    bool is_null(int column) const { return PQgetisnull(result_.get(), row_, column) != 0; }

    std::size_t size() const { return static_cast<std::size_t>(PQntuples(result_.get())); }

    /// Rows that an INSERT, UPDATE or DELETE has changed.
    std::uint64_t changed() const;

    PGresult* raw() const { return result_.get(); }

private:
    std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
    int row_ = -1;
};

using Replies = std::vector<Reply>;

}  // namespace dtmd::store::postgres
