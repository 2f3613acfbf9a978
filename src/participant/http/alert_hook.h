#pragma once

#include "net/asio_loop.h"

#include <functional>
#include <memory>
#include <string>

namespace dtmd::participant {

/// POSTs JSON documents to one URL from a bounded queue, off everybody's path: at most `max_open` at once and
/// `max_queued` waiting; what comes beyond is dropped and reported. Delivery is tried once (dtm's behaviour) within
/// `timeout`.
///
/// Destroy it on its loop, or when that no longer runs. What is not delivered by then is dropped, and its `done` does
/// not run.
class AlertHook {
public:
    virtual ~AlertHook() = default;
    /// From any thread. `done` (may be empty) runs on this hook's loop: whether the hook answered 2xx.
    virtual void send(std::string json_body, std::function<void(bool delivered)> done) = 0;
};

std::unique_ptr<AlertHook> make_alert_hook(net::AsioLoop& loop, std::string url, Millis timeout,
                                           std::size_t max_open = 4, std::size_t max_queued = 1000);

}  // namespace dtmd::participant
