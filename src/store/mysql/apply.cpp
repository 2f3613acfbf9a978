#include "store/mysql/backend_impl.h"

namespace dtmd::store::mysql {

Result<void> MySqlBackend::apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) {
    if (batch.empty()) return {};
    LookHow how;
    return transact<void>([&](Session& session) {
        auto written = write(session, batch, outcomes, how);
        // Most gids to be inserted are new, what is remembered is so, and hardly a row is locked by a stranger: all of
        // it is only looked at when it turns out to be otherwise.
        how.for_new_gids = true;
        how.trusts_memory = false;
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
        if (!plan.learn(*seen)) {
            return Failure{.fault = Fault::rolled_back, .what = "Rows were replaced by others of the same gid."};
        }
    }
    plan.decide();
    const Statements changes = plan.changes();
    if (changes.empty()) {
        if (!plan.is_blind()) link_.roll_back();
        return {};
    }
    committing_ = true;
    const auto done = session.run(changes);
    if (!done) {
        plan.forget();
        return done.error();
    }
    if (session.facts.counting == ServerFacts::Counting::expected) prove_counting(session, plan.expected_rows(*done));
    plan.settle(*done);
    return {};
}

// What the server has made of the first rows says whether keys may be foretold. It is committed already: a failure of
// this look is no failure of the change.
void MySqlBackend::prove_counting(Session& session, const std::vector<BatchPlan::NewRow>& expected) {
    if (expected.empty()) return;
    std::vector<std::string> gids;
    for (const auto& row : expected) {
        if (gids.empty() || gids.back() != row.gid) gids.push_back(row.gid);
    }
    auto look = statement(session);
    look.raw(expected.front().op.empty() ? "SELECT gid,'','',id FROM trans_global WHERE gid IN "
                                         : "SELECT gid,branch_id,op,id FROM trans_branch_op WHERE gid IN ");
    look.list(gids).raw(" ORDER BY id");
    session.facts.counting = ServerFacts::Counting::unusual;
    auto replies = session.run(look.take());
    if (!replies) return;
    Reply& stored = replies->front();
    std::vector<BatchPlan::NewRow> rows;
    while (stored.next()) {
        rows.push_back(
            {std::string(stored.text(0)), std::string(stored.text(1)), std::string(stored.text(2)), stored.number(3)});
    }
    if (rows == expected) session.facts.counting = ServerFacts::Counting::proven;
}

}  // namespace dtmd::store::mysql
