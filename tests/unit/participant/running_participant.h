#pragma once

#include "participant/http/http_participant.h"

#include <future>
#include <memory>
#include <string>
#include <thread>

namespace dtmd::participant {

/// A participant whose loop has a thread of its own.
class RunningParticipant {
public:
    explicit RunningParticipant(HttpParticipantOptions options = {});
    /// Stops the loop first: calls that are open are dropped.
    ~RunningParticipant();

    net::AsioLoop& loop() { return loop_; }
    Participant& participant() { return *participant_; }

    std::future<Reply> start(Call call);
    /// Waits for the answer.
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
Call call_of(std::string url, std::string body = {});

}  // namespace dtmd::participant
