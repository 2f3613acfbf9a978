#include "participant/dispatch.h"

namespace dtmd::participant {
namespace {

class DispatchingParticipant final : public Participant {
public:
    DispatchingParticipant(std::unique_ptr<Participant> http, std::unique_ptr<Participant> grpc)
        : http_(std::move(http)), grpc_(std::move(grpc)) {}

    void call(Call call, absl::AnyInvocable<void(Reply)> done) override {
        Participant& chosen = goes_by_grpc(call) ? *grpc_ : *http_;
        chosen.call(std::move(call), std::move(done));
    }

private:
    std::unique_ptr<Participant> http_, grpc_;
};

}  // namespace

bool goes_by_grpc(const Call& call) {
    if (call.plain || call.protocol == "http") return false;
    return !call.url.starts_with("http://") && !call.url.starts_with("https://");
}

std::unique_ptr<Participant> make_dispatching_participant(std::unique_ptr<Participant> http,
                                                          std::unique_ptr<Participant> grpc) {
    return std::make_unique<DispatchingParticipant>(std::move(http), std::move(grpc));
}

}  // namespace dtmd::participant
