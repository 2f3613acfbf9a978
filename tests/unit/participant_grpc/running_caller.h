#pragma once

#include "net/asio_loop.h"
#include "participant/grpc/grpc_participant.h"

#include <future>
#include <memory>
#include <thread>

namespace dtmd::participant {

/// A gRPC participant whose loop has a thread of its own.
class RunningCaller {
public:
    explicit RunningCaller(GrpcParticipantOptions options = {});
    /// Stops the loop first: calls that are open are dropped.
    ~RunningCaller();

    net::AsioLoop& loop() { return loop_; }
    Participant& participant() { return *participant_; }

    std::future<Reply> start(Call call);
    Reply call(Call call) { return start(std::move(call)).get(); }
    Reply call(std::string url, Millis timeout = Millis(10'000));

    /// Destroys the participant on its loop, which goes on.
    void destroy();

private:
    net::AsioLoop loop_;
    std::unique_ptr<Participant> participant_;
    std::thread thread_;
};

/// A branch call: gid gs1, branch 01, op action, saga.
Call grpc_call_of(std::string url, std::string body = "payload");

}  // namespace dtmd::participant
