#pragma once

#include "engine/coordinator.h"
#include "net/asio_loop.h"
#include "net/http_session.h"
#include "participant/participant.h"
#include "support/memory_store.h"
#include "support/null_metrics.h"
#include "support/virtual_loop.h"

#include <memory>
#include <string>
#include <string_view>

namespace dtmd::fuzz {

/// A participant that says what its URL asks for: "fail", "ongoing" or "unknown" in it, else success.
class ObedientParticipant final : public participant::Participant {
public:
    explicit ObedientParticipant(Loop& loop) : loop_(loop) {}
    void call(participant::Call call, absl::AnyInvocable<void(participant::Reply)> done) override;

private:
    Loop& loop_;
};

class NoApiMetrics final : public observe::ApiMetrics {
public:
    void request_answered(std::string_view, std::string_view, bool, double) override {}
};

/// The whole way of a request in one thread: a connection's session, the routes, the engine on virtual time, a store in
/// memory. Every one begins empty and at the same moment.
class Served {
public:
    Served();
    ~Served();
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;

    /// The client sends these bytes. Nothing but the network's time passes.
    void send(std::string_view bytes);

    /// The client sends no more. Then so much time passes that whatever has an answer gets it.
    void finish();

    /// All that the client was sent.
    const std::string& received() const { return received_; }

    /// Whether the session has gone by itself.
    bool is_over() const { return over_; }

    const testing::Rows& rows() const { return store_.rows; }

private:
    void settle();
    void receive();

    testing::VirtualLoop time_;
    testing::MemoryStore store_;
    testing::SeededRandom random_{7};
    ObedientParticipant participant_{time_};
    testing::NullMetrics metrics_;
    NoApiMetrics api_metrics_;
    std::unique_ptr<engine::Coordinator> coordinator_;
    std::unique_ptr<net::AsioLoop> network_ = std::make_unique<net::AsioLoop>();
    std::shared_ptr<net::SessionGroup> group_;
    int client_ = -1;
    bool over_ = false;
    std::string received_;
};

}  // namespace dtmd::fuzz
