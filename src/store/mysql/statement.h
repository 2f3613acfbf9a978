#pragma once

#include "store/mysql/session.h"
#include "store/mysql/zone.h"
#include "store/sql/row.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dtmd::store::mysql {

/// Writes SQL. Whatever comes from outside goes through `text`, `bytes` or `time`; `raw` is for our own words.
class Statement {
public:
    Statement(const Session& session, const Zone& zone) : session_(session), zone_(zone) {}

    Statement& raw(std::string_view words) { return out_ += words, *this; }
    Statement& number(std::int64_t value) { return out_ += std::to_string(value), *this; }
    Statement& text(std::string_view value);   ///< A quoted string.
    Statement& bytes(std::string_view value);  ///< A quoted string of anything, that no character set touches.
    Statement& time(Time moment);              ///< NULL if it is not set.
    Statement& value(const sql::Assignment& assignment);

    /// `('a','b')` and `(1,2)`.
    Statement& list(const std::vector<std::string>& texts);
    Statement& list(const std::vector<std::int64_t>& numbers);

    std::size_t size() const { return out_.size(); }
    std::string take() { return std::move(out_); }

private:
    const Session& session_;
    const Zone& zone_;
    std::string out_;
};

/// The columns of a global row, in the order in which `read_global` reads and `write` writes them.
extern const std::string_view global_columns, branch_columns;

/// `(…)`, as VALUES of an INSERT has it.
void write(Statement& out, const sql::GlobalRow& row);
void write(Statement& out, const sql::BranchRow& row);

/// The row that `reply` stands on, which begins with these columns at `from`.
sql::GlobalRow read_global(const Reply& reply, std::size_t from, const Zone& zone);
sql::BranchRow read_branch(const Reply& reply, std::size_t from, const Zone& zone);

}  // namespace dtmd::store::mysql
