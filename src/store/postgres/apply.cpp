#include "store/postgres/backend_impl.h"

namespace dtmd::store::postgres {

Result<void> PostgresBackend::apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    if (batch.empty()) return {};
    Caution caution;
    return transact<void>([&](Session& session) {
        auto written = write(session, batch, outcomes, caution);
        if (!written) caution.forgetful = true;
        if (!written && written.error().fault == Fault::duplicate) caution.left_behind = true;
        if (!written && written.error().fault == Fault::locked) caution.locked = true;
        return written;
    });
}

Attempt<void> PostgresBackend::write(Session& session, std::span<const Mutation> batch, std::span<Outcome> outcomes,
                                     Caution caution) {
    BatchPlan plan(batch, outcomes, session.facts.limits, link_.shared(), caution);
    const auto look = plan.look();
    if (!look.empty()) {
        auto seen = session.run(look);
        if (!seen) return seen.error();
        if (!plan.learn(*seen)) {
            return Failure{.fault = Fault::rolled_back, .what = "Rows were replaced by others of the same gid."};
        }
    }
    const auto writes = plan.write();
    if (writes.empty()) {
        if (!look.empty()) link_.roll_back();
        return {};
    }
    committing_ = true;
    auto written = session.run(writes);
    if (!written) {
        plan.forget();
        return written.error();
    }
    plan.settle(*written);
    return {};
}

Result<Reply> PostgresBackend::change(const Query& query) {
    return transact<Reply>([&](Session& session) {
        committing_ = true;
        return session.run(query);
    });
}

}  // namespace dtmd::store::postgres
