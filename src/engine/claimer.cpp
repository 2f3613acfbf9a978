#include "engine/claimer.h"

#include "observe/log.h"

#include <algorithm>
#include <utility>

namespace dtmd::engine {
namespace {

constexpr std::size_t batch = 500;
constexpr Millis when_full{20};         // All hands are busy: look again soon.
constexpr Millis after_failure{1'000};  // The store is in trouble.
constexpr Millis expiry_interval{10'000}, expiry_in_work{50};
constexpr std::size_t expiry_batch = 1'000;
constexpr Millis count_interval{5'000};

}  // namespace

Claimer::Claimer(Loop& loop, Random& random, Shared& shared, Adopt adopt)
    : loop_(loop),
      random_(random),
      shared_(shared),
      adopt_(std::move(adopt)),
      planned_(Time::max().time_since_epoch().count()) {}

void Claimer::start() {
    // What was under way at a crash holds a lease of a call and its margin.
    const Millis longest = shared_.settings.request_timeout + shared_.lease();
    if (shared_.store.is_exclusive()) recover_until_ = loop_.now() + longest;
    claim();
    expire();
    count();
}

void Claimer::note_due(Time when) {
    if (when.time_since_epoch().count() >= planned_.load(std::memory_order_relaxed)) return;
    loop_.post([this, when] { plan(when); });
}

void Claimer::plan(Time when) {
    const Time::rep ticks = when.time_since_epoch().count();
    if (stopped_ || ticks >= planned_.load(std::memory_order_relaxed)) return;
    planned_.store(ticks, std::memory_order_relaxed);
    loop_.after(when - loop_.now(), [this, ticks] {
        if (planned_.load(std::memory_order_relaxed) != ticks) return;  // An earlier one was planned since.
        claim();
    });
}

void Claimer::claim() {
    if (stopped_) return;
    if (claiming_) {
        claim_again_ = true;
        return;
    }
    planned_.store(Time::max().time_since_epoch().count(), std::memory_order_relaxed);
    const std::int64_t active = shared_.active.load(std::memory_order_relaxed);
    const auto most = static_cast<std::int64_t>(shared_.settings.max_claimed);
    if (active >= most) return plan(loop_.now() + when_full);

    const std::size_t limit = std::min<std::size_t>(batch, static_cast<std::size_t>(most - active));
    const Time due = std::max(loop_.now(), recover_until_);
    // In recovery only just beyond what is being claimed: should we die now, the next recovery must reach it too.
    const Time lease_until =
        std::max(loop_.now() + shared_.settings.request_timeout + shared_.lease(), due + Millis{1});
    claiming_ = true;
    shared_.store.claim_due(loop_, due, lease_until, limit, [this, limit](Result<store::Claims> claims) {
        claiming_ = false;
        claimed(std::move(claims), limit);
        if (std::exchange(claim_again_, false)) claim();
    });
}

void Claimer::claimed(Result<store::Claims> claims, std::size_t asked) {
    if (stopped_) return;
    if (!claims) {
        log::warn("claims.failed", {{"reason", claims.error().what}});
        return plan(loop_.now() + after_failure);
    }
    const std::size_t count = claims->transactions.size();
    if (count > 0) {
        const Millis lag = std::max(loop_.now() - claims->oldest_due.value_or(loop_.now()), Millis{0});
        shared_.metrics.claimed(count, static_cast<double>(lag.count()) / 1e3);
    }
    for (txn::Transaction& transaction : claims->transactions) {
        adopt_(std::move(transaction.gid), transaction.next_cron_time, std::move(transaction.owner));
    }
    if (count >= asked) return plan(loop_.now());
    if (recover_until_ != no_time) log::info("recovery.complete", {});
    recover_until_ = no_time;

    // Nodes that share a store should not all come at once.
    const Millis interval = shared_.settings.claim_interval;
    const Millis pause =
        interval - Millis{static_cast<Millis::rep>(static_cast<double>(interval.count()) * 0.3 * random_.fraction())};
    Time next = loop_.now() + pause;
    if (claims->next_due) next = std::min(next, std::max(*claims->next_due + Millis{1}, loop_.now() + Millis{10}));
    plan(next);
}

void Claimer::expire() {
    const Millis kept = shared_.settings.finished_kept;
    if (stopped_ || kept.count() <= 0) return;
    shared_.store.expire(loop_, loop_.now() - kept, expiry_batch, [this](Result<std::size_t> expired) {
        const bool more = expired && *expired >= expiry_batch;
        loop_.after(more ? expiry_in_work : expiry_interval, [this] { expire(); });
    });
}

void Claimer::count() {
    if (stopped_) return;
    shared_.store.counts(loop_, [this](Result<store::Counts> counts) {
        if (counts) {
            const Millis age = counts->oldest_unfinished ? loop_.now() - *counts->oldest_unfinished : Millis{0};
            shared_.metrics.unfinished(counts->unfinished, static_cast<double>(age.count()) / 1e3);
        }
        loop_.after(count_interval, [this] { count(); });
    });
}

}  // namespace dtmd::engine
