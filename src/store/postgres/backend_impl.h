#pragma once

#include "store/backend.h"
#include "store/postgres/batch_plan.h"
#include "store/postgres/link.h"

namespace dtmd::store::postgres {

/// One connection's view of the store. What each method promises: store/backend.h.
class PostgresBackend final : public Backend {
public:
    explicit PostgresBackend(std::shared_ptr<Shared> shared) : link_(std::move(shared)) {}

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
    Attempt<void> write(Session& session, std::span<const Mutation> batch, std::span<Outcome> outcomes,
                        Caution caution);
    Attempt<Claims> claim(Session& session, Time due, Time lease_until, std::size_t limit);
    Result<Outcome> change_key_value(const Query& query);

    /// Runs `work(session)` in a database transaction of its own, again if another one was in its way. `work` sends its
    /// COMMIT itself, and sets `committing_` before it does.
    template <class T, class Work>
    Result<T> transact(Work work);

    /// Runs one statement that is a transaction by itself, in the same way.
    Result<Reply> change(const Query& query);

    Link link_;
    bool committing_ = false;  ///< What is under way ends with the commit: if the connection breaks, it may be done.
};

template <class T, class Work>
Result<T> PostgresBackend::transact(Work work) {
    constexpr int most_attempts = 4;
    bool was_locked = false;
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
        const Fault fault = done.error().fault;
        const bool is_locked = fault == Fault::locked;
        const bool may_help = fault == Fault::rolled_back || fault == Fault::duplicate || fault == Fault::mistaken ||
                              fault == Fault::stale || is_locked;
        auto error = link_.failed(done.error(), committing_);
        if (!may_help || attempt == most_attempts || (is_locked && was_locked)) return error;
        was_locked = was_locked || is_locked;
    }
}

}  // namespace dtmd::store::postgres
