#pragma once

#include "bench/ledger.h"
#include "net/http_server.h"

#include <memory>

namespace dtmd::bench {

/// Our side of every branch: answers success after the given time, refuses what /refuse is asked, answers nothing
/// sensible while an outage lasts, and tells the ledger what it has done.
///
/// Threads: one loop's.
class BranchService {
public:
    BranchService(net::AsioLoop& loop, Ledger& ledger, Millis latency)
        : loop_(loop), ledger_(ledger), latency_(latency) {}

    /// Errors: `unavailable` if the port can't be listened on.
    Result<void> listen(const std::string& host, std::uint16_t port);
    std::uint16_t port() const { return server_->port(); }

    void set_out(bool out) { is_out_ = out; }

private:
    void serve(net::HttpRequest request, net::Respond respond);

    net::AsioLoop& loop_;
    Ledger& ledger_;
    const Millis latency_;
    bool is_out_ = false;
    std::unique_ptr<net::HttpServer> server_;
};

}  // namespace dtmd::bench
