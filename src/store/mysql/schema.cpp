#include "store/mysql/schema.h"

#include "store/mysql/server.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace dtmd::store::mysql {
namespace {

struct ExpectedTable {
    std::string name;
    std::vector<std::pair<std::string, std::string>> columns;  ///< Name, definition.
    std::vector<std::pair<std::string, FoundIndex>> indexes;
};

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(at), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with(',')) text.remove_suffix(1);
    return text;
}

// "UNIQUE KEY gid (gid)" or "KEY owner (owner)".
void read_index(std::string_view line, ExpectedTable& table) {
    const auto open = line.find('('), close = line.find(')');
    FoundIndex index{.columns = {}, .is_unique = line.starts_with("UNIQUE")};
    for (const auto column : split(line.substr(open + 1, close - open - 1), ',')) {
        index.columns.emplace_back(trimmed(column));
    }
    const std::string_view before = trimmed(line.substr(0, open));
    table.indexes.emplace_back(before.substr(before.rfind(' ') + 1), std::move(index));
}

// Our own file: one column or key a line, between the line with the table's name and the one that closes it.
ExpectedTable read_table(std::string_view statement) {
    ExpectedTable table;
    auto lines = split(statement, '\n');
    const std::string_view head = trimmed(lines.front().substr(0, lines.front().find('(')));
    table.name = head.substr(head.rfind(' ') + 1);
    for (const auto raw : std::span(lines).subspan(1, lines.size() - 2)) {
        const std::string_view line = trimmed(raw);
        if (line.starts_with("PRIMARY KEY")) continue;
        if (line.starts_with("UNIQUE KEY") || line.starts_with("KEY")) {
            read_index(line, table);
        } else {
            const auto space = line.find(' ');
            table.columns.emplace_back(line.substr(0, space), line.substr(space + 1));
        }
    }
    return table;
}

const std::vector<ExpectedTable>& expected_tables() {
    static const std::vector<ExpectedTable> tables = [] {
        std::vector<ExpectedTable> all;
        for (const auto& statement : sql::statements(sql::schema_text("mysql"))) all.push_back(read_table(statement));
        return all;
    }();
    return tables;
}

enum class Kind { text, number, time };

Kind kind_of(std::string_view type) {
    for (const auto* word : {"char", "text", "blob", "binary", "json", "enum"}) {
        if (type.find(word) != type.npos) return Kind::text;
    }
    return type.starts_with("date") || type.starts_with("time") ? Kind::time : Kind::number;
}

// What a type of our file holds, in the unit in which the server counts it.
std::int64_t room_of(std::string_view type) {
    if (type.starts_with("varchar(")) {
        std::int64_t most = 0;
        std::from_chars(type.data() + 8, type.data() + type.size(), most);
        return most;
    }
    if (type.starts_with("long")) return 4'294'967'295;
    if (type.starts_with("medium")) return 16'777'215;
    return type.starts_with("text") || type.starts_with("blob") ? 65'535 : -1;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string all;
    for (const auto& part : parts) all += (all.empty() ? "" : ",") + part;
    return all;
}

void compare_column(const ExpectedTable& table, const std::string& name, const std::string& definition,
                    const FoundTable& found, std::vector<sql::Difference>& out) {
    const std::string full = table.name + "." + name;
    const std::string type(split(definition, ' ').front());
    const auto column = found.columns.find(name);
    const std::string change = "ALTER TABLE " + table.name;
    if (column == found.columns.end()) {
        out.push_back({full + ": is missing", change + " ADD COLUMN " + name + " " + definition, true});
        return;
    }
    const std::string modify = change + " MODIFY COLUMN " + name + " " + definition;
    const FoundColumn& is = column->second;
    if (kind_of(is.type) != kind_of(type)) {
        out.push_back({full + ": " + is.type + ", expected " + type, modify, true});
    } else if (kind_of(type) == Kind::text && is.most < room_of(type)) {
        out.push_back({full + ": " + is.type + ", expected " + type + ": longer values are refused", modify});
    } else if (definition.find("utf8mb4_bin") != definition.npos && !is.collation.empty() &&
               !is.collation.ends_with("_bin") && is.collation.find("_as_cs") == std::string::npos) {
        out.push_back({full + ": collation " + is.collation +
                           ", expected utf8mb4_bin: names that differ only by case "
                           "or accents are refused as duplicates",
                       modify});
    }
}

void compare_index(const ExpectedTable& table, const std::string& name, const FoundIndex& expected,
                   const FoundTable& found, std::vector<sql::Difference>& out) {
    const bool is_there = std::ranges::any_of(found.indexes, [&](const auto& entry) {
        return entry.second.columns == expected.columns && (entry.second.is_unique || !expected.is_unique);
    });
    if (is_there) return;
    const std::string columns = "(" + joined(expected.columns) + ")";
    const std::string kind = expected.is_unique ? "UNIQUE KEY " : "KEY ";
    out.push_back({table.name + ": the " + (expected.is_unique ? "unique " : "") + "index " + name + " " + columns +
                       " is missing" + (expected.is_unique ? "" : ": what looks for it is slow"),
                   "ALTER TABLE " + table.name + " ADD " + kind + name + " " + columns, expected.is_unique});
}

}  // namespace

bool FoundSchema::lacks_a_table() const {
    return std::ranges::any_of(expected_tables(), [&](const auto& table) { return !tables.contains(table.name); });
}

bool FoundSchema::has_index(std::string_view table, std::string_view index) const {
    const auto found = tables.find(table);
    return found != tables.end() && found->second.indexes.contains(index);
}

sql::Limits FoundSchema::limits() const {
    sql::Limits limits;
    for (const auto& [table, found] : tables) {
        for (const auto& [name, column] : found.columns) {
            if (column.most < 0) continue;
            limits.set(table + "." + name,
                       {.most = static_cast<std::size_t>(column.most), .in_bytes = column.in_bytes});
        }
    }
    return limits;
}

Attempt<FoundSchema> read_schema(Session& session) {
    auto replies = session.run(
        "SELECT table_name,column_name,column_type,collation_name,character_maximum_length,data_type "
        "FROM information_schema.columns WHERE table_schema=DATABASE() "
        "AND table_name IN ('trans_global','trans_branch_op','kv');"
        "SELECT table_name,index_name,column_name,non_unique FROM information_schema.statistics "
        "WHERE table_schema=DATABASE() AND table_name IN ('trans_global','trans_branch_op','kv') "
        "ORDER BY table_name,index_name,seq_in_index");
    if (!replies) return replies.error();
    FoundSchema found;
    Reply& columns = (*replies)[0];
    while (columns.next()) {
        FoundColumn column{.type = std::string(columns.text(2)),
                           .collation = std::string(columns.text(3)),
                           .most = columns.is_null(4) ? -1 : columns.number(4),
                           .in_bytes = columns.text(5).find("char") == std::string_view::npos};
        found.tables[std::string(columns.text(0))].columns[std::string(columns.text(1))] = std::move(column);
    }
    Reply& indexes = (*replies)[1];
    while (indexes.next()) {
        auto& index = found.tables[std::string(indexes.text(0))].indexes[std::string(indexes.text(1))];
        index.columns.emplace_back(indexes.text(2));
        index.is_unique = indexes.number(3) == 0;
    }
    return found;
}

std::vector<sql::Difference> differences(const FoundSchema& found) {
    std::vector<sql::Difference> all;
    const auto creations = sql::statements(sql::schema_text("mysql"));
    for (std::size_t i = 0; i < creations.size(); ++i) {
        const ExpectedTable& table = expected_tables()[i];
        const auto there = found.tables.find(table.name);
        if (there == found.tables.end()) {
            all.push_back({"the table " + table.name + " is missing", creations[i], true});
            continue;
        }
        for (const auto& [name, definition] : table.columns) {
            compare_column(table, name, definition, there->second, all);
        }
        for (const auto& [name, index] : table.indexes) compare_index(table, name, index, there->second, all);
    }
    return all;
}

Attempt<void> create_tables(Session& session) {
    for (const auto& statement : sql::statements(sql::schema_text("mysql"))) {
        const auto created = session.run(statement);
        if (!created) return created.error();
    }
    return {};
}

std::string quoted_name(std::string_view name) {
    std::string out = "`";
    for (const char c : name) out += c == '`' ? "``" : std::string(1, c);
    return out + "`";
}

}  // namespace dtmd::store::mysql
