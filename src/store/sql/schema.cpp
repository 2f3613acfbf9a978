#include "store/sql/schema.h"

#include <algorithm>
#include <utility>

namespace dtmd::store::sql {

std::string_view schema_text(std::string_view name) {
    const auto found = std::ranges::find(schema_texts(), name, &SchemaText::name);
    return found == schema_texts().end() ? std::string_view() : std::string_view(found->text);
}

std::vector<std::string> statements(std::string_view text) {
    std::vector<std::string> all;
    std::string statement;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.starts_with("--")) continue;
        const bool is_last = line.ends_with(';');
        if (!statement.empty()) statement += '\n';
        statement += is_last ? line.substr(0, line.size() - 1) : line;
        if (is_last) all.push_back(std::exchange(statement, {}));
    }
    if (!statement.empty()) all.push_back(std::move(statement));
    return all;
}

}  // namespace dtmd::store::sql
