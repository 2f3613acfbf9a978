#pragma once

#include "base/loop.h"
#include "base/wall_clock.h"
#include "observe/metrics.h"
#include "store/store.h"

#include <memory>
#include <string>

namespace dtmd::app {

/// Looks after a store that lives elsewhere: says when it goes away and comes back, and keeps our clock on its clock.
///
/// It never ends anything: the store itself reconnects, and whoever needs it gets `unavailable` meanwhile.
/// Threads: one loop's, the one it was made with. It stops when it is destroyed, which must be after the loop has.
class StoreWatch {
public:
    /// `name` is what people call the store: "mysql at db1:3306".
    StoreWatch(Loop& loop, store::Store& store, WallClock& clock, observe::StoreHealthMetrics& metrics,
               std::string name);
    ~StoreWatch();

    /// `known` runs once our clock is on the store's. Until then no change should be made: a machine whose clock is
    /// wrong would give leases and times that others can't know to be wrong.
    void start(Task known);

private:
    struct State;
    const std::shared_ptr<State> state_;
};

}  // namespace dtmd::app
