#pragma once

#include "store/backend.h"

#include <functional>
#include <map>
#include <string>
#include <utility>

namespace dtmd::testing {

using Rows = std::map<std::string, txn::Transaction>;

/// A Backend in memory: correct, and durable as soon as a method returns. What is slow or fails is up to whoever
/// stands in front of it.
class MemoryBackend final : public store::Backend {
public:
    Rows rows;
    /// Called for each change that takes effect.
    std::function<void(const store::Mutation&)> on_write;
    /// Called for each transaction that is claimed.
    std::function<void(const std::string& gid, Time lease_until)> on_claim;
    /// next_cron_time is kept in steps of this size, rounded up: dtm's SQL layout knows whole seconds.
    Millis grain{1};
    /// Whoever takes a lease back writes a new owner, as on SQL stores (store::Mutation::expect_owner).
    bool keeps_owners = false;

    store::Outcome perform(const store::Mutation& mutation);

    Result<void> apply(std::span<const store::Mutation> batch, std::span<store::Outcome> outcomes) override;
    Result<std::optional<txn::Transaction>> load(const std::string& gid) override;
    Result<store::Page> list(const store::Filter& filter, const std::string& position, std::size_t limit) override;
    Result<store::Claims> claim_due(Time due, Time lease_until, std::size_t limit) override;
    Result<std::pair<std::size_t, bool>> reset_due(Time later_than, Time now, std::size_t limit) override;
    Result<std::size_t> expire(Time finished_before, std::size_t limit) override;
    Result<store::Counts> counts() override;
    Result<store::KeyValuePage> kv_scan(const std::string& category, const std::string& position,
                                        std::size_t limit) override;
    Result<std::optional<store::KeyValue>> kv_find(const std::string& category, const std::string& key) override;
    Result<store::Outcome> kv_create(const store::KeyValue& item) override;
    Result<store::Outcome> kv_update(const store::KeyValue& item) override;
    Result<store::Outcome> kv_delete(const std::string& category, const std::string& key) override;
    Result<void> ping() override { return {}; }

private:
    store::Outcome insert(const store::Mutation& mutation);
    store::Outcome change(const store::Mutation& mutation, txn::Transaction& row);
    Time stored(Time when) const;

    std::uint64_t taken_back_ = 0;
    std::map<std::pair<std::string, std::string>, store::KeyValue> items_;
};

}  // namespace dtmd::testing
