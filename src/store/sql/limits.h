#pragma once

#include "store/sql/row.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

// What the columns of one database hold. A value that doesn't fit is refused before it is sent; the server cuts none.
namespace dtmd::store::sql {

struct Limit {
    std::size_t most = SIZE_MAX;
    bool in_bytes = true;  ///< Else in characters.
};

/// Limits by "table.column". A column that was never set holds anything.
class Limits {
public:
    void set(const std::string& column, Limit limit) { by_column_[column] = limit; }
    Limit of(std::string_view column) const;

    /// Bytes of ext_data.
    std::size_t extra_bytes() const;

private:
    std::map<std::string, Limit, std::less<>> by_column_;
};

/// Cuts what is only evidence (rollback_reason) to what its column holds, at a whole character, and replaces what is
/// not text in it.
void shorten(GlobalRow& row, const Limits& limits);

/// Why the database can't take this, as one sentence that names the column and the remedy; empty if it can. Texts must
/// be UTF-8 without NUL; `bin_data` may be anything.
std::string why_refused(const GlobalRow& row, const Limits& limits);
std::string why_refused(const BranchRow& row, const Limits& limits);
std::string why_refused(const KeyValue& item, const Limits& limits);

/// The same for an update of trans_global: shortens evidence, names what can't be taken.
std::string why_refused(std::vector<Assignment>& assignments, const Limits& limits);

/// Whether `text` can be in a text column at all: UTF-8 without NUL.
bool is_text(std::string_view text);

}  // namespace dtmd::store::sql
