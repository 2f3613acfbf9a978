#pragma once

#include "txn/transaction.h"

#include <cstdint>
#include <string>

namespace dtmd::store::sql {

/// The column `options` as dtm writes it (protocol.md 4.1): keys in dtm's order, zeros left out, `concurrent` always.
std::string options_text(const txn::Options& options, std::int64_t retry_count);

/// Reads what dtm or we wrote. Keys that are absent or of another type leave the value alone, as in dtm; false if the
/// text is no JSON object at all (empty is fine).
bool read_options(const std::string& text, txn::Options& options, std::int64_t& retry_count);

}  // namespace dtmd::store::sql
