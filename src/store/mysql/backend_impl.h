#pragma once

#include "store/backend.h"
#include "store/mysql/batch_plan.h"
#include "store/mysql/link.h"
#include "store/mysql/statement.h"

namespace dtmd::store::mysql {

/// One connection's view of the store. What each method promises: store/backend.h.
class MySqlBackend final : public Backend {
public:
    explicit MySqlBackend(std::shared_ptr<Shared> shared) : link_(std::move(shared)) {}

    Result<void> apply(std::span<const Mutation> batch, std::span<Outcome> outcomes) override;
    Result<std::optional<txn::Transaction>> load(const std::string& gid) override;
    Result<Page> list(const Filter& filter, const std::string& position, std::size_t limit) override;
    Result<Claims> claim_due(Time due, Time lease_until, std::size_t limit) override;
    Result<std::pair<std::size_t, bool>> reset_due(Time later_than, Time now, std::size_t limit) override;
    Result<std::size_t> expire(Time finished_before, std::size_t limit) override;
    Result<Counts> counts() override;
    Result<KeyValuePage> kv_scan(const std::string& category, const std::string& position, std::size_t limit) override;
    Result<std::optional<KeyValue>> kv_find(const std::string& category, const std::string& key) override;
    Result<Outcome> kv_create(const KeyValue& item) override;
    Result<Outcome> kv_update(const KeyValue& item) override;
    Result<Outcome> kv_delete(const std::string& category, const std::string& key) override;
    Result<std::optional<Time>> clock() override;
    Result<void> ping() override;

private:
    struct Candidates;

    Attempt<void> write(Session& session, std::span<const Mutation> batch, std::span<Outcome> outcomes, LookHow how);

    void prove_counting(Session& session, const std::vector<BatchPlan::NewRow>& expected);

    Attempt<Claims> claim(Session& session, Time due, Time lease_until, std::size_t limit);
    Attempt<std::vector<sql::GlobalRow>> lock_due(Session& session, Time due, std::size_t limit);
    Attempt<std::vector<sql::GlobalRow>> mark_due(Session& session, Time due, Time lease_until, std::size_t limit);
    Attempt<Claims> complete(Session& session, std::vector<sql::GlobalRow> rows, Time due, Time lease_until,
                             std::size_t limit);
    Attempt<std::pair<std::size_t, bool>> reset(Session& session, Time later_than, Time now, std::size_t limit);
    Attempt<std::size_t> remove(Session& session, Time finished_before, std::size_t limit);

    Result<Outcome> change_key_value(const std::string& statement);
    Statement statement(const Session& session) const { return Statement(session, link_.shared().zone); }

    /// Runs `work(session)` in a database transaction of its own, again if another was in its way. `work` commits by
    /// itself, with the last statement that it sends, and sets `committing_` before it does.
    template <class T, class Work>
    Result<T> transact(Work work);

    Link link_;
    bool committing_ = false;  ///< What is being sent ends in a COMMIT of changes.
};

template <class T, class Work>
Result<T> MySqlBackend::transact(Work work) {
    constexpr int most_attempts = 4;
    for (int attempt = 1;; ++attempt) {
        const auto session = link_.get();
        if (!session) return session.error();
        committing_ = false;
        Attempt<T> done = work(**session);
        if (done) {
            if constexpr (std::is_void_v<T>) {
                return {};
            } else {
                return *std::move(done);
            }
        }
        const Failure& failure = done.error();
        const bool may_help = failure.fault == Fault::rolled_back || failure.fault == Fault::duplicate ||
                              failure.fault == Fault::mistaken || (failure.fault == Fault::locked && attempt == 1);
        auto error = link_.failed(failure, committing_);
        if (!may_help || attempt == most_attempts) return error;
    }
}

}  // namespace dtmd::store::mysql
