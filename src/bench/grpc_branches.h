#pragma once

#include "base/result.h"
#include "bench/grpc_pump.h"
#include "bench/ledger.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include <memory>
#include <unordered_map>

namespace dtmd::bench {

/// BranchService over gRPC: any unary method; one whose name is "refuse" refuses. Brings the queue that clients use as
/// well.
///
/// Threads: one loop's, by run_with_grpc().
class GrpcBranches {
public:
    GrpcBranches(net::AsioLoop& loop, Ledger& ledger, Millis latency);

    /// Ends every call. Whoever else has events on the queue must have cancelled them, and be there to take them.
    ~GrpcBranches();

    /// Errors: `unavailable` if the port can't be listened on.
    Result<void> listen(const std::string& host, std::uint16_t port);
    int port() const { return port_; }
    grpc::CompletionQueue& queue() { return *queue_; }

    void set_out(bool out) { is_out_ = out; }

private:
    class Visit;

    void expect_one();
    void serve(Visit& visit);

    net::AsioLoop& loop_;
    Ledger& ledger_;
    const Millis latency_;
    bool is_out_ = false, is_over_ = false;
    int port_ = 0;
    grpc::AsyncGenericService service_;
    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
    std::unordered_map<Visit*, std::unique_ptr<Visit>> visits_;
};

}  // namespace dtmd::bench
