#include "store/mysql/backend_impl.h"
#include "store/mysql/batch_plan.h"

namespace dtmd::store::mysql {

Result<void> MySqlBackend::apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    if (batch.empty()) return {};
    bool is_careful = false;
    return transact<void>([&](Session& session) {
        auto written = write(session, batch, outcomes, is_careful);
        // Most gids to be inserted are new, so that is only looked at when it turns out to be wrong.
        is_careful = true;
        return written;
    });
}

Attempt<void> MySqlBackend::write(Session& session, std::span<const Mutation> batch, std::span<Outcome> outcomes,
                                  bool is_careful) {
    BatchPlan plan(batch, outcomes, session, link_.shared(), is_careful);
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
