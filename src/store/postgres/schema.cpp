#include "store/postgres/schema.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace dtmd::store::postgres {
namespace {

struct ExpectedTable {
    std::string name;
    std::vector<std::string> creation;                         ///< Sequence, table and indexes.
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

// "CONSTRAINT gid UNIQUE (gid)" and "CREATE INDEX IF NOT EXISTS owner ON trans_global (owner)".
FoundIndex read_index(std::string_view line, bool is_unique) {
    const auto open = line.find('('), close = line.find(')');
    FoundIndex index{.columns = {}, .is_unique = is_unique};
    for (const auto column : split(line.substr(open + 1, close - open - 1), ',')) {
        index.columns.emplace_back(trimmed(column));
    }
    return index;
}

// Our own file: one column or constraint a line, between the line with the table's name and the one that closes it.
void read_table(const std::string& statement, ExpectedTable& table) {
    const auto lines = split(statement, '\n');
    const std::string_view head = trimmed(lines.front().substr(0, lines.front().find('(')));
    table.name = head.substr(head.rfind(' ') + 1);
    for (const auto raw : std::span(lines).subspan(1, lines.size() - 2)) {
        const std::string_view line = trimmed(raw);
        if (line.starts_with("PRIMARY KEY")) continue;
        const auto words = split(line, ' ');
        if (words.front() == "CONSTRAINT") {
            table.indexes.emplace_back(words[1], read_index(line, true));
        } else {
            table.columns.emplace_back(words.front(), line.substr(words.front().size() + 1));
        }
    }
}

// A sequence opens what belongs to its table.
std::vector<ExpectedTable> read_tables() {
    std::vector<ExpectedTable> all;
    for (const auto& statement : sql::statements(sql::schema_text("postgres"))) {
        if (statement.starts_with("CREATE SEQUENCE")) all.emplace_back();
        ExpectedTable& table = all.back();
        if (statement.starts_with("CREATE TABLE")) read_table(statement, table);
        if (statement.starts_with("CREATE INDEX")) {
            table.indexes.emplace_back(split(statement, ' ')[5], read_index(statement, false));
        }
        table.creation.push_back(statement);
    }
    return all;
}

const std::vector<ExpectedTable>& expected_tables() {
    static const std::vector<ExpectedTable> tables = read_tables();
    return tables;
}

enum class Kind { text, bytes, number, moment };

// Of a type of ours or as the server spells it.
Kind kind_of(std::string_view type) {
    if (type.starts_with("bytea")) return Kind::bytes;
    if (type.starts_with("timestamp")) return Kind::moment;
    for (const auto* word : {"int", "bigint", "smallint", "serial"}) {
        if (type.starts_with(word)) return Kind::number;
    }
    return Kind::text;
}

// What a text type holds in characters.
std::size_t room_of(std::string_view type) {
    const auto open = type.find('(');
    if (kind_of(type) != Kind::text || open == type.npos) return SIZE_MAX;
    std::size_t most = SIZE_MAX;
    std::from_chars(type.data() + open + 1, type.data() + type.size(), most);
    return most;
}

// The type at the start of a definition: "timestamp(0) with time zone DEFAULT NULL".
std::string_view type_of(std::string_view definition) {
    for (const auto* word : {" NOT NULL", " DEFAULT"}) definition = definition.substr(0, definition.find(word));
    return definition;
}

void compare_column(const ExpectedTable& table, const std::string& name, const std::string& definition,
                    const FoundTable& found, std::vector<sql::Difference>& out) {
    const std::string full = table.name + "." + name;
    const std::string type(type_of(definition));
    const auto column = found.columns.find(name);
    const std::string change = "ALTER TABLE " + table.name;
    const bool is_number_of_row = name == "id";
    if (column == found.columns.end()) {
        out.push_back({full + ": is missing", change + " ADD COLUMN " + name + " " + definition, true});
        return;
    }
    const std::string widen = change + " ALTER COLUMN " + name + " TYPE " + type;
    const FoundColumn& is = column->second;
    if (kind_of(is.type) != kind_of(type)) {
        out.push_back({full + ": " + is.type + ", expected " + type, widen, true});
    } else if (kind_of(type) == Kind::moment && is.type.find("with time zone") == std::string::npos) {
        out.push_back(
            {full + ": " + is.type + ", expected " + type + ": its moments depend on a time zone", widen, true});
    } else if (room_of(is.type) < room_of(type)) {
        out.push_back({full + ": " + is.type + ", expected " + type + ": longer values are refused", widen});
    }
    if (is_number_of_row && !is.has_default) {
        out.push_back({full + ": the server does not number new rows",
                       change + " ALTER COLUMN id SET DEFAULT nextval('" + table.name + "_seq')", true});
    }
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    std::string all;
    for (const auto& part : parts) all.append(all.empty() ? "" : between).append(part);
    return all;
}

void compare_index(const ExpectedTable& table, const std::string& name, const FoundIndex& expected,
                   const FoundTable& found, std::vector<sql::Difference>& out) {
    const auto there = std::ranges::find_if(found.indexes, [&](const auto& entry) {
        return entry.second.columns == expected.columns && (entry.second.is_unique || !expected.is_unique);
    });
    const std::string columns = "(" + joined(expected.columns, ",") + ")";
    if (there != found.indexes.end()) {
        if (!expected.is_unique || found.indexes.contains(name)) return;
        out.push_back({table.name + ": the unique index " + columns + " is called " + there->first + ", expected " +
                           name + ": dtm can't work beside dtmd",
                       "ALTER INDEX " + there->first + " RENAME TO " + name});
        return;
    }
    const std::string remedy = expected.is_unique
                                   ? "ALTER TABLE " + table.name + " ADD CONSTRAINT " + name + " UNIQUE " + columns
                                   : "CREATE INDEX IF NOT EXISTS " + name + " ON " + table.name + " " + columns;
    out.push_back({table.name + ": the " + (expected.is_unique ? "unique " : "") + "index " + name + " " + columns +
                       " is missing" + (expected.is_unique ? "" : ": what looks for it is slow"),
                   remedy, expected.is_unique});
}

}  // namespace

bool FoundSchema::lacks_a_table() const {
    return std::ranges::any_of(expected_tables(), [&](const auto& table) { return !tables.contains(table.name); });
}

sql::Limits FoundSchema::limits() const {
    sql::Limits limits;
    for (const auto& [table, found] : tables) {
        for (const auto& [name, column] : found.columns) {
            const std::size_t room = room_of(column.type);
            if (room != SIZE_MAX) limits.set(table + "." + name, {.most = room, .in_bytes = false});
        }
    }
    return limits;
}

Attempt<FoundSchema> read_schema(Session& session) {
    constexpr const char* of_ours =
        "FROM pg_class t JOIN pg_namespace n ON n.oid=t.relnamespace AND n.nspname=current_schema() ";
    constexpr const char* named =
        "t.relkind IN ('r','p') AND t.relname::text IN ('trans_global','trans_branch_op','kv') ";
    const Query queries[] = {
        // Both at one moment: another node may be creating tables right now.
        {.text = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"},
        {.text = std::string("SELECT t.relname::text,a.attname::text,format_type(a.atttypid,a.atttypmod),"
                             "a.atthasdef OR a.attidentity<>'' ") +
                 of_ours + "JOIN pg_attribute a ON a.attrelid=t.oid AND a.attnum>0 AND NOT a.attisdropped WHERE " +
                 named},
        {.text = std::string("SELECT t.relname::text,i.relname::text,a.attname::text,x.indisunique ") + of_ours +
                 "JOIN pg_index x ON x.indrelid=t.oid AND x.indisvalid AND x.indpred IS NULL "
                 "JOIN pg_class i ON i.oid=x.indexrelid "
                 "CROSS JOIN generate_series(0,x.indnkeyatts-1) AS k(n) "
                 "JOIN pg_attribute a ON a.attrelid=t.oid AND a.attnum=x.indkey[k.n] WHERE " +
                 named + "ORDER BY 1,2,k.n"},
        {.text = "COMMIT"},
    };
    auto replies = session.run(queries);
    if (!replies) return replies.error();
    FoundSchema found;
    Reply& columns = (*replies)[1];
    while (columns.next()) {
        found.tables[std::string(columns.text(0))].columns[std::string(columns.text(1))] = {
            .type = std::string(columns.text(2)), .has_default = columns.flag(3)};
    }
    Reply& indexes = (*replies)[2];
    while (indexes.next()) {
        auto& index = found.tables[std::string(indexes.text(0))].indexes[std::string(indexes.text(1))];
        index.columns.emplace_back(indexes.text(2));
        index.is_unique = indexes.flag(3);
    }
    return found;
}

std::vector<sql::Difference> differences(const FoundSchema& found) {
    std::vector<sql::Difference> all;
    for (const ExpectedTable& table : expected_tables()) {
        const auto there = found.tables.find(table.name);
        if (there == found.tables.end()) {
            all.push_back({"the table " + table.name + " is missing", joined(table.creation, ";\n"), true});
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
    for (const auto& statement : sql::statements(sql::schema_text("postgres"))) {
        const auto created = session.run({.text = statement});
        if (!created) return created.error();
    }
    return {};
}

}  // namespace dtmd::store::postgres
