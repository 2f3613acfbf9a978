#include "store/redis/link.h"

#include "store/redis/refusal.h"

#include <algorithm>
#include <thread>

namespace dtmd::store::redis {
namespace {

// A slot that moves, or a failover of a cluster, takes some hundred milliseconds: pauses of 10, 20, ... 320 ms, and
// some rounds for redirections, which need none.
constexpr int most_rounds = 12;
constexpr std::chrono::milliseconds first_pause{10}, last_pause{320};

const Error not_answered{Errc::unavailable, "Redis was not asked."};

}  // namespace

std::vector<Answer> Link::run(std::span<const Command> commands, bool is_change) {
    Round round{.commands = commands,
                .answers = std::vector<Answer>(commands.size(), Answer(not_answered)),
                .pending = {},
                .asked = {},
                .pause = {},
                .is_change = is_change};
    for (std::size_t i = 0; i < commands.size(); ++i) round.pending.push_back(i);
    was_out_of_memory_ = false;
    auto pause = first_pause;
    for (int rounds = 0; !round.pending.empty() && rounds < most_rounds; ++rounds) {
        if (round.pause) {
            std::this_thread::sleep_for(pause);
            if (pause == last_pause) break;
            pause = std::min(pause * 2, last_pause);
        }
        round.pause.reset();
        run_once(round);
    }
    return std::move(round.answers);
}

void Link::run_once(Round& round) {
    auto shares = share_out(round);
    round.pending.clear();
    for (auto& [name, share] : shares) {
        auto connection = connection_to(name);
        if (!connection) {
            for (const std::size_t index : share.commands) round.answers[index] = connection.error();
            slots_.clear();
            continue;
        }
        share.connection = *connection;
        const auto& options = shared_->options;
        if (round.is_change && options.wait_replicas > 0) {
            share.texts.push_back(
                command("WAIT", std::to_string(options.wait_replicas), std::to_string(options.wait_timeout.count())));
        }
        share.connection->send(share.texts);
    }
    for (auto& [name, share] : shares) {
        if (share.connection) collect(round, name, share);
    }
    std::ranges::sort(round.pending);
}

// Who is to be asked what. What can't be placed is answered at once.
std::map<std::string, Link::Share> Link::share_out(Round& round) {
    std::map<std::string, Share> shares;
    for (const std::size_t index : round.pending) {
        const auto asked = round.asked.find(index);
        const auto name = asked == round.asked.end() ? name_of(round.commands[index].slot)
                                                     : Result<std::string>(asked->second.text());
        if (!name) {
            round.answers[index] = name.error();
            continue;
        }
        Share& share = shares[*name];
        if (asked != round.asked.end()) share.texts.push_back(command("ASKING"));
        share.texts.push_back(round.commands[index].text);
        share.commands.push_back(index);
    }
    return shares;
}

void Link::collect(Round& round, const std::string& name, Share& share) {
    const auto& options = shared_->options;
    const bool waits = round.is_change && options.wait_replicas > 0;
    auto answers = share.connection->receive(waits ? options.wait_timeout : std::chrono::milliseconds(0));
    std::optional<Error> too_few;
    if (waits) {
        const Answer& acknowledged = answers.back();
        if (!acknowledged || acknowledged->is_error() || acknowledged->integer < options.wait_replicas) {
            too_few = Error{Errc::unknown, "Fewer replicas of " + share.connection->address().text() +
                                               " than wait_replicas have the change. Check the replicas."};
        }
    }
    std::size_t at = 0;
    bool is_lost = false;
    for (const std::size_t index : share.commands) {
        if (round.asked.erase(index) != 0) ++at;  // The answer to ASKING.
        Answer& answer = answers[at++];
        if (answer && answer->is_error()) {
            if (kind_of(answer->text) == Refusal::not_primary) is_lost = true;
            if (kind_of(answer->text) == Refusal::out_of_memory) was_out_of_memory_ = true;
            if (sort_out(round, index, *answer, share)) continue;
            round.answers[index] = explain(answer->text, share.connection->address());
        } else if (answer && too_few) {
            round.answers[index] = *too_few;
        } else {
            if (!answer) is_lost = true;
            round.answers[index] = std::move(answer);
        }
    }
    if (share.wants_scripts && !is_lost) is_lost = !load_scripts(*share.connection);
    if (is_lost) {
        peers_[name].connection.reset();
        slots_.clear();
    }
}

// Whether the command is to be asked again.
bool Link::sort_out(Round& round, std::size_t index, Reply& reply, Share& share) {
    switch (kind_of(reply.text)) {
        case Refusal::no_script: share.wants_scripts = true; break;
        case Refusal::moved: return follow(round, index, reply, share, true);
        case Refusal::asked: return follow(round, index, reply, share, false);
        case Refusal::try_again: round.pause = first_pause; break;
        default: return false;
    }
    round.answers[index] = explain(reply.text, share.connection->address());
    round.pending.push_back(index);
    return true;
}

bool Link::follow(Round& round, std::size_t index, const Reply& reply, const Share& share, bool for_good) {
    auto redirect = redirect_of(reply.text);
    if (!redirect || shared_->options.topology != RedisTopology::cluster) return false;
    if (redirect->to.host.empty()) redirect->to.host = share.connection->address().host;
    if (!for_good) {
        round.asked[index] = redirect->to;
    } else if (!slots_.empty()) {
        slots_[redirect->slot] = redirect->to;
    }
    round.answers[index] = explain(reply.text, share.connection->address());
    round.pending.push_back(index);
    return true;
}

Result<std::vector<Address>> Link::primaries() {
    if (shared_->options.topology != RedisTopology::cluster) return std::vector<Address>{Address{}};
    if (auto learnt = learn_slots(); !learnt) return learnt.error();
    std::vector<Address> out;
    for (const auto& owner : slots_) {
        if (owner && std::ranges::find(out, *owner) == out.end()) out.push_back(*owner);
    }
    return out;
}

Answer Link::run_at(const Address& primary, const std::string& text) {
    auto connection = connection_to(primary.host.empty() ? "" : primary.text());
    if (!connection) return connection.error();
    Answer answer = (*connection)->ask(text);
    if (answer && answer->is_error()) return explain(answer->text, (*connection)->address());
    return answer;
}

}  // namespace dtmd::store::redis
