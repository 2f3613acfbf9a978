#pragma once

#include "store/postgres/parameters.h"
#include "store/postgres/reply.h"
#include "store/sql/row.h"

#include <string_view>
#include <vector>

namespace dtmd::store::postgres {

/// The columns of a row, in the order in which `read_global` and `read_branch` read them.
extern const std::string_view global_columns, branch_columns;

/// The row that `reply` stands on, which begins with these columns at `from`.
sql::GlobalRow read_global(const Reply& reply, int from = 0);
sql::BranchRow read_branch(const Reply& reply, int from = 0);

/// Rows for one INSERT, column by column.
class GlobalArrays {
public:
    GlobalArrays();
    void add(const sql::GlobalRow& row);
    void append_to(Parameters& parameters) const;
    bool empty() const { return columns_.front().empty(); }

private:
    std::vector<Array> columns_;
};

class BranchArrays {
public:
    BranchArrays();
    void add(const sql::BranchRow& row);
    void append_to(Parameters& parameters) const;
    bool empty() const { return columns_.front().empty(); }

private:
    std::vector<Array> columns_;
};

/// Makes the transactions whose gid is new, with their branches. The reply has gid and id of each row that was made,
/// and 0 for a transaction, 1 for a branch.
Query insert_transactions(const GlobalArrays& globals, const BranchArrays& branches);

/// Adds branches, in this order.
Query insert_branches(const BranchArrays& branches);

/// Updates of rows of `table` by their id, for any number of rows that set the same columns.
class Updates {
public:
    explicit Updates(const std::vector<sql::Assignment>& like);
    void add(std::int64_t id, const std::vector<sql::Assignment>& assignments);
    Query query(std::string_view table) const;

private:
    Array ids_{Array::Type::number};
    std::vector<std::string> names_;
    std::vector<Array> values_;
};

/// What tells updates apart that can't share a statement: the names of the columns that are set.
std::string signature(const std::vector<sql::Assignment>& assignments);

}  // namespace dtmd::store::postgres
