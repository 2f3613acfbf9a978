#include "store/redis/backend_impl.h"
#include "store/redis/time_text.h"

#include <algorithm>

namespace dtmd::store::redis {

Result<Claims> RedisBackend::claim_due(Time due, Time lease_until, std::size_t limit) {
    if (auto is_ready = ready(); !is_ready) return is_ready.error();
    Claims claims;
    if (limit == 0) return claims;
    sweep_now_and_then(due);
    const auto& slices = shared_->layout.slices();
    std::vector<std::size_t> shares{limit};
    if (slices.size() > 1) {
        auto found = shares_of_due(due, limit, claims.next_due);
        if (!found) return found.error();
        shares = *std::move(found);
    }
    std::vector<Command> commands;
    for (std::size_t i = 0; i < slices.size(); ++i) {
        if (shares[i] == 0) continue;
        const std::string words[] = {slices[i].prefix, score_of(due), score_of(lease_until), std::to_string(shares[i]),
                                     std::to_string(shared_->options.data_expire.count())};
        commands.push_back({slices[i].slot, script_call(Script::claim, {slices[i].due(), slices[i].open()}, words)});
    }
    std::optional<Error> failure;
    std::vector<Claim> taken;
    for (const Answer& answer : link_.change(commands)) {
        if (!answer) {
            failure = answer.error();
            continue;
        }
        const auto next = take_claims(*answer, taken);
        if (slices.size() == 1) claims.next_due = next;
    }
    // What some slices gave is claimed, whatever became of the others.
    if (failure && taken.empty()) return *failure;
    std::ranges::sort(taken, {}, &Claim::was_due);
    for (Claim& claim : taken) claims.transactions.push_back(std::move(claim.transaction));
    if (!taken.empty()) claims.oldest_due = taken.front().was_due;
    return claims;
}

// Adds what one slice gave. Returns when its next one is due. A record that can't be read has a lease now like any
// other, so that it is met again only when that has run out, and holds nobody up.
std::optional<Time> RedisBackend::take_claims(const Reply& reply, std::vector<Claim>& claims) {
    if (reply.items.size() < 2) return std::nullopt;
    for (const Reply& item : reply.items[1].items) {
        if (item.items.size() < 6) continue;
        Stored stored{
            .gid = item.at(0), .global = item.at(1), .status = item.at(2), .score = item.at(3), .branches = {}};
        for (const Reply& row : item.items[4].items) stored.branches.push_back(row.text);
        auto transaction = decode(stored);
        if (!transaction) continue;
        claims.push_back({parse_score(item.at(5)).value_or(no_time), *std::move(transaction)});
    }
    return parse_score(reply.at(0));
}

// How many of each slice are among the `limit` longest overdue ones of all.
Result<std::vector<std::size_t>> RedisBackend::shares_of_due(Time due, std::size_t limit,
                                                             std::optional<Time>& next_due) {
    const auto& slices = shared_->layout.slices();
    std::vector<Command> commands;
    for (const Slice& slice : slices) {
        commands.push_back({slice.slot, command("ZRANGEBYSCORE", slice.due(), "-inf", score_of(due), "WITHSCORES",
                                                "LIMIT", "0", std::to_string(limit))});
        commands.push_back({slice.slot, command("ZRANGEBYSCORE", slice.due(), "(" + score_of(due), "+inf", "WITHSCORES",
                                                "LIMIT", "0", "1")});
    }
    const auto answers = link_.run(commands);
    std::vector<std::pair<Time, std::size_t>> overdue;
    const auto note = [&](Time time) { next_due = std::min(next_due.value_or(time), time); };
    std::optional<Error> failure;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        // Slices whose server is away hold up nobody but themselves.
        if (!answers[i]) {
            failure = answers[i].error();
            continue;
        }
        for (std::size_t entry = 1; entry < answers[i]->items.size(); entry += 2) {
            const auto time = parse_score(answers[i]->at(entry));
            if (!time) continue;
            if (i % 2 == 1) {
                note(*time);
            } else {
                overdue.emplace_back(*time, i / 2);
            }
        }
    }
    if (failure && overdue.empty()) return *failure;
    std::ranges::sort(overdue);
    std::vector<std::size_t> shares(slices.size(), 0);
    for (std::size_t i = 0; i < overdue.size() && i < limit; ++i) ++shares[overdue[i].second];
    if (overdue.size() > limit) note(overdue[limit].first);
    return shares;
}

Result<std::pair<std::size_t, bool>> RedisBackend::reset_due(Time later_than, Time now, std::size_t limit) {
    if (auto is_ready = ready(); !is_ready) return is_ready.error();
    std::pair<std::size_t, bool> total{0, false};
    for (const Slice& slice : shared_->layout.slices()) {
        const std::string words[] = {score_of(later_than), score_of(now), std::to_string(limit - total.first)};
        const Answer answer = link_.change({slice.slot, script_call(Script::reset, {slice.due()}, words)});
        if (!answer) {
            if (total.first == 0) return answer.error();
            return std::pair(total.first, true);
        }
        if (answer->items.size() < 2) return odd_answer("a reset");
        total.first += static_cast<std::size_t>(answer->items[0].integer);
        total.second = total.second || answer->items[1].integer != 0;
    }
    return total;
}

}  // namespace dtmd::store::redis
