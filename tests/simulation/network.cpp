#include "network.h"

#include <utility>

namespace dtmd::simulation {

using participant::Reply;
using txn::Answer;

struct Network::Exchange {
    Owner node;
    participant::Call call;
    absl::AnyInvocable<void(Reply)> done;
    Arrival arrival() const { return {call.gid, call.branch_id, call.op, std::string(call.trans_type), call.url}; }
};

namespace {

Reply unknown(bool reached, int code) {
    return {.answer = Answer::unknown, .text = "no definite answer", .reached = reached, .code = code};
}

constexpr std::string_view names[] = {"success", "failure", "ongoing", "unknown"};

std::string_view name_of(Answer answer) { return names[static_cast<std::size_t>(answer)]; }

}  // namespace

Network::Network(Context& context, Bank& bank, Witness& witness, double trouble)
    : context_(context), bank_(bank), witness_(witness), trouble_(trouble) {}

Network::Host* Network::host_of(std::string_view url) {
    constexpr std::string_view prefix = "http://bank";
    if (!url.starts_with(prefix)) return nullptr;
    return &hosts_.at(static_cast<std::size_t>(url[prefix.size()] - '0'));
}

void Network::take_down(int host, Millis span) {
    Host& one = hosts_.at(static_cast<std::size_t>(host));
    one.down_until = context_.queue.now() + span;
    one.outage = static_cast<Outage>(context_.dice.between(0, 2));
    ++context_.tally.host_outages;
    context_.note("--- bank", host, " goes away for ", span.count(), " ms");
}

void Network::recover() {
    for (Host& host : hosts_) host.down_until = {};
}

void Network::call(Owner node, const NodeClock& clock, participant::Call call, absl::AnyInvocable<void(Reply)> done) {
    ++context_.tally.calls;
    context_.note("call ", call.gid, " ", call.op, " ", call.branch_id, " by ", node);
    witness_.on_call(node, call, context_.queue.now() + clock.skew);
    Exchange exchange{node, std::move(call), std::move(done)};
    const Host* host = host_of(exchange.call.url);
    if (host && context_.queue.now() < host->down_until) return meet_outage(std::move(exchange), host->outage);
    if (context_.trouble(trouble_)) return go_wrong(std::move(exchange));
    go_right(std::move(exchange), Millis{context_.dice.between(0, 20)}, Millis{context_.dice.between(0, 20)});
}

void Network::meet_outage(Exchange exchange, Outage outage) {
    switch (outage) {
        case Outage::refuses: return answer(std::move(exchange), Millis{1}, unknown(false, 0));
        case Outage::swallows: return never_answered(std::move(exchange));
        case Outage::stands_in: return answer(std::move(exchange), Millis{5}, unknown(false, 503));
    }
}

void Network::go_wrong(Exchange exchange) {
    Dice& dice = context_.dice;
    const Arrival arrival = exchange.arrival();
    const std::int64_t timeout = exchange.call.timeout.count();
    switch (dice.between(0, 8)) {
        case 0: ++context_.tally.requests_lost; return never_answered(std::move(exchange));
        case 1:
            ++context_.tally.answers_lost;
            arrive_late(arrival, Millis{0}, Millis{20});
            return never_answered(std::move(exchange));
        case 2:  // It is given up on, and does what it was to do later.
            ++context_.tally.slow_answers;
            arrive_late(arrival, Millis{timeout}, Millis{4 * timeout});
            return never_answered(std::move(exchange));
        case 3:
            ++context_.tally.slow_answers;
            return go_right(std::move(exchange), Millis{dice.between(0, timeout / 2)},
                            Millis{dice.between(0, timeout / 2 - 1)});
        case 4:
            ++context_.tally.duplicates;
            arrive_late(arrival, Millis{0}, Millis{300'000});
            return go_right(std::move(exchange), Millis{dice.between(0, 20)}, Millis{dice.between(0, 20)});
        case 5: return answer(std::move(exchange), Millis{dice.between(0, 10)}, unknown(false, 0));
        case 6:  // It has acted, and says something else.
            arrive_late(arrival, Millis{0}, Millis{0});
            [[fallthrough]];
        case 7: {
            ++context_.tally.odd_answers;
            static constexpr int codes[] = {201, 302, 404, 500, 502};
            const int code = codes[dice.index(std::size(codes))];
            return answer(std::move(exchange), Millis{dice.between(1, 20)}, unknown(code != 502, code));
        }
        default: {
            ++context_.tally.odd_answers;
            Reply reply{.answer = Answer::ongoing, .text = "ONGOING", .code = 425};
            if (dice.chance(0.3)) reply = {.answer = Answer::failure, .text = "not now FAILURE", .code = 409};
            // A check-back's failure is final: it would be a lie if the sender had committed.
            if (exchange.call.branch_id == "00") reply = {.answer = Answer::ongoing, .text = "ONGOING", .code = 425};
            return answer(std::move(exchange), Millis{dice.between(1, 20)}, std::move(reply));
        }
    }
}

void Network::go_right(Exchange exchange, Millis there, Millis back) {
    context_.queue.after(there, the_world, [this, exchange = std::move(exchange), back]() mutable {
        Reply reply = execute(exchange.arrival());
        answer(std::move(exchange), back, std::move(reply));
    });
}

void Network::never_answered(Exchange exchange) {
    const Millis timeout = exchange.call.timeout;
    answer(std::move(exchange), timeout, unknown(false, 0));
}

void Network::answer(Exchange exchange, Millis after, Reply reply) {
    const Owner node = exchange.node;
    reply.took = after;
    context_.queue.after(after, node, [this, exchange = std::move(exchange), reply = std::move(reply)]() mutable {
        const participant::Call& call = exchange.call;
        context_.note("     ", call.gid, " ", call.op, " ", call.branch_id, " to ", exchange.node, ": ",
                      name_of(reply.answer), " ", reply.code);
        witness_.on_answer(exchange.node, call, reply.answer);
        exchange.done(std::move(reply));
    });
}

void Network::arrive_late(const Arrival& arrival, Millis least, Millis most) {
    const Millis delay{context_.dice.between(least.count(), most.count())};
    context_.queue.after(delay, the_world, [this, arrival] { execute(arrival); });
}

Reply Network::execute(const Arrival& arrival) {
    bool well = true;
    if (arrival.trans_type == "workflow" && arrival.branch_id == "00") {
        well = !on_callback || on_callback(arrival.gid);
    } else if (arrival.op == "msg") {
        well = bank_.was_sent(arrival.gid);
    } else {
        well = bank_.perform(arrival);
    }
    context_.note("bank ", arrival.gid, " ", arrival.op, " ", arrival.branch_id, well ? ": done" : ": refused");
    if (well) return {.answer = Answer::success, .text = {}, .code = 200};
    return {.answer = Answer::failure, .text = "refused FAILURE", .code = 409};
}

void Network::ask(Arrival arrival, std::function<void(Answer)> done) {
    Dice& dice = context_.dice;
    constexpr Millis patience{3'000};
    const bool lost = context_.trouble(trouble_ / 2), answer_lost = context_.trouble(trouble_ / 2);
    if (context_.trouble(trouble_ / 4)) arrive_late(arrival, Millis{0}, Millis{300'000});
    if (lost || answer_lost) {
        if (!lost) arrive_late(arrival, Millis{0}, Millis{20});
        return context_.queue.after(patience, the_world, [done = std::move(done)] { done(Answer::unknown); });
    }
    const Millis back{dice.between(0, 20)};
    context_.queue.after(Millis{dice.between(0, 20)}, the_world, [this, arrival, back, done = std::move(done)] {
        const Answer answer = execute(arrival).answer;
        context_.queue.after(back, the_world, [done, answer] { done(answer); });
    });
}

}  // namespace dtmd::simulation
