#pragma once

#include <string>
#include <string_view>
#include <vector>

// The schemas in sql/, as they are built into the binary, and how a database may differ from them.
namespace dtmd::store::sql {

/// One file of sql/: "mysql" is sql/mysql.sql. See schema_text.
struct SchemaText {
    std::string name, text;
};

const std::vector<SchemaText>& schema_texts();

/// The whole text of sql/<name>.sql: mysql, postgres, barrier.mysql, barrier.postgres, barrier.sqlite. Empty if there
/// is no such file.
std::string_view schema_text(std::string_view name);

/// The statements of such a text, without comments and without the semicolons that end them. In our files no string
/// or comment holds a semicolon at the end of a line.
std::vector<std::string> statements(std::string_view text);

/// One way in which a database is not as the schema says.
struct Difference {
    std::string what;       ///< "trans_global.custom_data: varchar(1024), expected longtext: longer values are refused"
    std::string remedy;     ///< The SQL that mends it; empty: none is offered.
    bool is_fatal = false;  ///< dtmd can't work like this. Otherwise it works, with the limit that `what` names.
};

/// What a backend found out about its server when it connected, for the log, the health page and metrics.
struct ServerReport {
    std::string server;              ///< "127.0.0.1:3306"
    std::string version;             ///< As the server says it.
    std::vector<std::string> risks;  ///< What a crash of the server could lose, one sentence each; none: nothing.
    std::vector<std::string> notes;  ///< What is allowed but limits us: narrow columns, missing indexes.
    bool operator==(const ServerReport&) const = default;

    bool is_durable() const { return risks.empty(); }
};

}  // namespace dtmd::store::sql
