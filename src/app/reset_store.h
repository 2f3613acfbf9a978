#pragma once

#include "base/result.h"

#include <string>

namespace dtmd::app {

/// `dtmd -r`: removes all transactions and topics of the embedded store in folder `path`, and only the store's own
/// files. A folder that is not there, or holds no store, is fine. Can't be undone.
/// Errors: `unavailable`: the store is in use, or it is not dtmd's, or a file can't be removed.
Result<void> reset_store(const std::string& path);

}  // namespace dtmd::app
