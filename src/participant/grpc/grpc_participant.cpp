#include "participant/grpc/grpc_participant.h"

#include "participant/grpc/grpc_caller.h"

namespace dtmd::participant {
namespace {

class GrpcParticipant final : public Participant {
public:
    GrpcParticipant(Loop& loop, GrpcParticipantOptions options)
        : caller_(std::make_shared<GrpcCaller>(loop, std::move(options))) {}
    ~GrpcParticipant() override { caller_->close(); }

    void call(Call call, absl::AnyInvocable<void(Reply)> done) override {
        caller_->start(std::move(call), std::move(done));
    }

private:
    std::shared_ptr<GrpcCaller> caller_;
};

}  // namespace

std::unique_ptr<Participant> make_grpc_participant(Loop& loop, GrpcParticipantOptions options) {
    return std::make_unique<GrpcParticipant>(loop, std::move(options));
}

}  // namespace dtmd::participant
