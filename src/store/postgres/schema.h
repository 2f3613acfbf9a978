#pragma once

#include "store/postgres/session.h"
#include "store/sql/schema.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

// What tables a schema has, and how they differ from sql/postgres.sql, which is read as it stands.
namespace dtmd::store::postgres {

struct FoundColumn {
    std::string type;          ///< "character varying(1024)", as the server spells it.
    bool has_default = false;  ///< Or the server numbers it by itself.
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
    sql::Limits limits() const;
};

/// Of the schema that was chosen.
Attempt<FoundSchema> read_schema(Session& session);

/// Every way in which `found` is not as sql/postgres.sql says; more room than expected is fine.
std::vector<sql::Difference> differences(const FoundSchema& found);

/// Runs sql/postgres.sql, which leaves alone what is there.
Attempt<void> create_tables(Session& session);

}  // namespace dtmd::store::postgres
