#pragma once

#include "base/result.h"
#include "base/wall_clock.h"
#include "config/config.h"
#include "observe/metrics.h"
#include "store/mysql/mysql_backend.h"
#include "store/postgres/postgres_backend.h"
#include "store/redis/redis_backend.h"
#include "store/store.h"

#include <memory>
#include <string>

// From what the user set to an open store, whichever it is.
namespace dtmd::app {

/// The store that config.store names, open. What a shared one says about its server is logged and measured.
///
/// A shared store's server need not be up: until it is, the store answers `unavailable`. The embedded one makes `clock`
/// go on from when it was last changed: what it keeps would be stuck if the machine's clock had been set back
/// meanwhile. `clock` must outlive it.
/// Errors: `unavailable` or `invalid` with one sentence for the user.
Result<std::unique_ptr<store::Store>> open_store(const config::Config& config, observe::Metrics& metrics,
                                                 WallClock& clock);

/// Whether other nodes may use the same store: then it has a server, which may go away, and a clock of its own.
bool is_shared(const config::Store& store);

/// What people call it: "mysql at db1:3306", "rocksdb in data".
std::string describe(const config::Store& store);

/// For open_store and `dtmd schema`. Errors: `invalid`.
Result<store::MySqlOptions> mysql_options(const config::Store& store);
Result<store::PostgresOptions> postgres_options(const config::Store& store);
store::RedisOptions redis_options(const config::Store& store);

}  // namespace dtmd::app
