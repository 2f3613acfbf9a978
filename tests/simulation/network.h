#pragma once

#include "bank.h"
#include "context.h"
#include "participant/participant.h"
#include "sim_loop.h"
#include "witness.h"

#include <array>
#include <functional>
#include <string>

namespace dtmd::simulation {

/// Between nodes, clients and participants: what is sent may be lost, late, doubled, or answered with nonsense.
class Network {
public:
    Network(Context& context, Bank& bank, Witness& witness, double trouble);

    /// What a workflow's callback finds at its client; true: it is at work.
    std::function<bool(const std::string& gid)> on_callback;

    /// A node's call to a participant. `done` happens to `node`, if it is alive by then.
    void call(Owner node, const NodeClock& clock, participant::Call call,
              absl::AnyInvocable<void(participant::Reply)> done);

    /// A client's own call to a participant, with whatever it does about losses: `done` is told success, failure, or
    /// unknown when it has given up waiting.
    void ask(Arrival arrival, std::function<void(txn::Answer)> done);

    /// A participant's host goes away for so long.
    void take_down(int host, Millis span);
    void recover();

private:
    enum class Outage : std::uint8_t { refuses, swallows, stands_in };  ///< stands_in: a proxy answers 503.
    struct Host {
        Time down_until;
        Outage outage = Outage::refuses;
    };
    struct Exchange;  ///< One call on its way.

    void meet_outage(Exchange exchange, Outage outage);
    void go_wrong(Exchange exchange);
    void go_right(Exchange exchange, Millis there, Millis back);
    void never_answered(Exchange exchange);
    void answer(Exchange exchange, Millis after, participant::Reply reply);
    void arrive_late(const Arrival& arrival, Millis least, Millis most);
    participant::Reply execute(const Arrival& arrival);
    Host* host_of(std::string_view url);

    Context& context_;
    Bank& bank_;
    Witness& witness_;
    const double trouble_;
    std::array<Host, Bank::hosts> hosts_{};
};

}  // namespace dtmd::simulation
