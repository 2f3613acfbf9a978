#pragma once

#include "store/mysql/session.h"
#include "store/sql/limits.h"
#include "store/sql/schema.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

// What tables a database has, and how they differ from sql/mysql.sql, which is read as it stands.
namespace dtmd::store::mysql {

struct FoundColumn {
    std::string type;        ///< "varchar(1024)"
    std::string collation;   ///< Empty: not a text.
    std::int64_t most = -1;  ///< Characters of a char or varchar, bytes of a text or blob; -1: neither.
    bool in_bytes = false;
};

struct FoundIndex {
    std::vector<std::string> columns;
    bool is_unique = false;
};

struct FoundTable {
    std::map<std::string, FoundColumn, std::less<>> columns;
    std::map<std::string, FoundIndex, std::less<>> indexes;
};

struct FoundSchema {
    std::map<std::string, FoundTable, std::less<>> tables;

    bool lacks_a_table() const;
    bool has_index(std::string_view table, std::string_view index) const;
    sql::Limits limits() const;
};

/// Of the chosen database.
Attempt<FoundSchema> read_schema(Session& session);

/// Every way in which `found` is not as sql/mysql.sql says. Names of indexes don't matter, but what they index does;
/// more room than expected is fine.
std::vector<sql::Difference> differences(const FoundSchema& found);

/// Runs sql/mysql.sql, which leaves alone what is there.
Attempt<void> create_tables(Session& session);

/// `name` as an identifier.
std::string quoted_name(std::string_view name);

}  // namespace dtmd::store::mysql
