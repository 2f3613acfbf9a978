#include "participant/http/http_participant.h"

#include "participant/http/http_caller.h"

namespace dtmd::participant {
namespace {

class HttpParticipant final : public Participant {
public:
    HttpParticipant(net::AsioLoop& loop, HttpParticipantOptions options)
        : caller_(std::make_shared<HttpCaller>(loop, std::move(options))) {}
    ~HttpParticipant() override { caller_->close(); }

    void call(Call call, absl::AnyInvocable<void(Reply)> done) override {
        caller_->start(std::move(call), std::move(done));
    }

private:
    std::shared_ptr<HttpCaller> caller_;
};

}  // namespace

std::unique_ptr<Participant> make_http_participant(net::AsioLoop& loop, HttpParticipantOptions options) {
    return std::make_unique<HttpParticipant>(loop, std::move(options));
}

}  // namespace dtmd::participant
