#pragma once

#include "store/backend.h"

#include <absl/functional/any_invocable.h>

namespace dtmd::store {

/// Work for a worker thread, on that thread's own backend. Null: no backend could be made; answer `unavailable`.
using Job = absl::AnyInvocable<void(Backend*)>;

}  // namespace dtmd::store
