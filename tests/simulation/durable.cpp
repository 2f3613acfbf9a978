#include "durable.h"

namespace dtmd::simulation {
namespace {

constexpr Millis longest_kept{2'000};  // More than any read may lag or any failover may lose.

}  // namespace

Durable::Durable(Context& context, const Profile& profile) : context_(context), profile_(profile) {
    tables.grain = profile.lease_grain;
    tables.keeps_owners = profile.keeps_owners;
    tables.on_write = [this](const store::Mutation& mutation) {
        witness->on_write(writer_, mutation, writer_now_);
        const txn::Transaction& row = tables.rows.at(mutation.gid);
        static constexpr std::string_view names[] = {"insert", "update", "append"};
        context_.note("store ", names[static_cast<std::size_t>(mutation.change)], " ", mutation.gid, " by ", writer_,
                      ": ", txn::name(row.status), ", due in ", (row.next_cron_time - context_.queue.now()).count());
    };
    tables.on_claim = [this](const std::string& gid, Time lease_until) {
        witness->on_claim(writer_, gid, lease_until);
        context_.note("store claim ", gid, " by ", writer_, " until ", (lease_until - context_.queue.now()).count());
    };
}

Millis Durable::latency() {
    if (context_.queue.now() < slow_until_) return Millis{context_.dice.between(100, 3'000)};
    return Millis{context_.dice.between(0, 5)};
}

void Durable::remember(const std::string& gid) {
    if (profile_.stale_reads.count() == 0 && !profile_.lossy_failover) return;
    std::deque<Version>& versions = versions_[gid];
    const Time now = context_.queue.now();
    while (!versions.empty() && versions.front().replaced + longest_kept < now) versions.pop_front();
    const auto found = tables.rows.find(gid);
    versions.push_back({now, found == tables.rows.end() ? std::nullopt : std::optional(found->second)});
}

store::Outcome Durable::perform(Owner node, const store::Mutation& mutation, Time now) {
    remember(mutation.gid);
    writer_ = node;
    writer_now_ = now;
    return tables.perform(mutation);
}

Result<store::Claims> Durable::claim(Owner node, Time due, Time lease_until, std::size_t limit) {
    writer_ = node;
    return tables.claim_due(due, lease_until, limit);
}

std::optional<txn::Transaction> Durable::read(const std::string& gid, Time fresh_after) {
    const Time now = context_.queue.now();
    if (profile_.stale_reads.count() > 0 && context_.stormy && context_.dice.chance(0.5)) {
        const Millis lag{context_.dice.between(0, profile_.stale_reads.count())};
        const Time as_of = std::max(now - lag, fresh_after);
        for (const Version& version : versions_[gid]) {
            if (version.replaced <= as_of) continue;
            ++context_.tally.stale_reads;
            return version.row;
        }
    }
    return *tables.load(gid);
}

void Durable::fail_over(Millis lost) {
    const Time as_of = context_.queue.now() - lost;
    for (auto& [gid, versions] : versions_) {
        for (const Version& version : versions) {
            if (version.replaced <= as_of) continue;
            ++context_.tally.writes_lost;
            witness->lost(gid);
            if (version.row) {
                tables.rows[gid] = *version.row;
            } else {
                tables.rows.erase(gid);
            }
            break;
        }
        versions.clear();
    }
}

}  // namespace dtmd::simulation
