#pragma once

#include "bench/branch_service.h"
#include "bench/grpc_branches.h"
#include "bench/lane.h"
#include "bench/script.h"
#include "bench/server.h"

#include <grpcpp/channel.h>

namespace dtmd::bench {

/// Both ways between the coordinator and us, each in its protocol: our clients' to it, and its to our branches.
///
/// Threads: the one that calls run().
class Link {
public:
    /// All four outlive it.
    Link(net::AsioLoop& loop, Ledger& ledger, const Options& options, const Server& server);

    /// Makes our branches ready to be called. Errors: `unavailable` if the port can't be had.
    Result<void> open();

    /// Lanes that it makes must be gone before it goes. Call open() first.
    MakeLane lanes();

    void set_out(bool out);

    /// Until loop.stop().
    void run();

private:
    bool calls_by_grpc() const { return options_.branch_protocol == "grpc"; }
    bool asks_by_grpc() const { return options_.protocol == "grpc"; }

    net::AsioLoop& loop_;
    const Options& options_;
    const Server& server_;
    Script script_;
    BranchService http_;
    GrpcBranches grpc_;
    std::vector<std::shared_ptr<grpc::Channel>> channels_;
    std::size_t turn_ = 0;
};

}  // namespace dtmd::bench
