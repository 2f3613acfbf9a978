#pragma once

#include "participant/grpc/grpc_address.h"
#include "participant/grpc/grpc_participant.h"

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <unordered_map>

namespace dtmd::participant {

/// Connections by destination. One per shard, used on its loop only.
class GrpcChannels {
public:
    using Clock = std::chrono::steady_clock;

    struct Channel {
        explicit Channel(const std::shared_ptr<grpc::Channel>& channel) : stub(channel) {}
        grpc::GenericStub stub;
        std::size_t open = 0;  ///< Calls; its user counts them.
        Clock::time_point last_used;
    };

    /// Throws std::runtime_error if options.ca_file or options.service_config can't be used.
    explicit GrpcChannels(GrpcParticipantOptions options);

    /// The channel to `address`, made if there is none. Owners: this, and whoever calls over it.
    std::shared_ptr<Channel> get(const GrpcAddress& address);

    /// Closes those that have been idle for the time the options say.
    void drop_idle(Clock::time_point now);

    bool empty() const { return channels_.empty(); }
    void clear() { channels_.clear(); }

private:
    std::shared_ptr<Channel> connect(const std::string& target, bool tls) const;

    GrpcParticipantOptions options_;
    std::string authorities_;                                             ///< PEM; empty: the system's.
    std::unordered_map<std::string, std::shared_ptr<Channel>> channels_;  ///< By target, "tls " before it if it is.
};

}  // namespace dtmd::participant
