#pragma once

#include "store/redis/redis_backend.h"
#include "store_contract/backends.h"

namespace dtmd::store::test {

/// Redis in dtm's layout, and in ours for Clusters (on one server).
std::vector<Candidate> redis_candidates();

/// A factory for `options`; the test fails if there is none.
BackendFactory open_or_throw(RedisOptions options);

}  // namespace dtmd::store::test
