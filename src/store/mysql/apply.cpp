#include "store/mysql/backend_impl.h"

namespace dtmd::store::mysql {

Result<void> MySqlBackend::apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    if (batch.empty()) return {};
    LookHow how;
    return transact<void>([&](Session& session) {
        auto written = write(session, batch, outcomes, how);
        // Most gids to be inserted are new, and hardly a row is locked by a stranger, so both are only looked at when
        // it turns out to be otherwise.
        how.for_new_gids = true;
        how.past_locked = !written && written.error().fault == Fault::locked && session.facts.skips_locked;
        return written;
    });
}

Attempt<void> MySqlBackend::write(Session& session, std::span<const Mutation> batch, std::span<Outcome> outcomes,
                                  LookHow how) {
    BatchPlan plan(batch, outcomes, session, link_.shared(), how);
    if (!plan.is_blind()) {
        auto seen = session.run(plan.look());
        if (!seen) return seen.error();
        plan.learn(*seen);
    }
    plan.decide();
    const Statements changes = plan.changes();
    if (changes.empty()) {
        if (!plan.is_blind()) link_.roll_back();
        return {};
    }
    committing_ = true;
    if (auto done = session.run(changes); !done) return done.error();
    return {};
}

}  // namespace dtmd::store::mysql
