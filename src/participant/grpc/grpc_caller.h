#pragma once

#include "participant/grpc/grpc_channels.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace dtmd::participant {

/// The calls of one GrpcParticipant. All on its loop, but for landed(). Owners: the participant, and gRPC with every
/// call under way.
///
/// Only the loop owns calls and channels: gRPC's threads end with the last channel, so a channel that one of them let
/// go of would have it wait for itself.
class GrpcCaller : public std::enable_shared_from_this<GrpcCaller> {
public:
    using Done = absl::AnyInvocable<void(Reply)>;

    /// Throws std::runtime_error as make_grpc_participant does.
    GrpcCaller(Loop& loop, GrpcParticipantOptions options);
    ~GrpcCaller();

    void start(Call call, Done done);

    /// Cancels all calls and waits until gRPC has let go of them; they end without a word.
    void close();

private:
    using Clock = std::chrono::steady_clock;
    struct OpenCall;
    using OpenPtr = std::unique_ptr<OpenCall>;

    Result<OpenPtr> prepare(Call& call, GrpcAddress& address);
    void fail(const Error& error, Done done);
    void landed(OpenCall* open, const grpc::Status& status);
    static grpc::Status result_of(const OpenCall& open, const grpc::Status& status);
    void finish(OpenCall* landed, const grpc::Status& status);
    void sweep_later();

    Loop& loop_;
    GrpcParticipantOptions options_;
    GrpcChannels channels_;
    std::unordered_map<OpenCall*, OpenPtr> open_;
    bool sweeps_ = false;
    bool closed_ = false;

    std::mutex mutex_;  ///< Of what follows, which gRPC's threads touch as well.
    std::condition_variable all_landed_;
    std::size_t in_the_air_ = 0;
};

}  // namespace dtmd::participant
