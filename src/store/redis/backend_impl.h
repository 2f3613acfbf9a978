#pragma once

#include "store/redis/codec.h"
#include "store/redis/link.h"
#include "store/redis/scripts.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dtmd::store::redis {

/// One worker's view of the store, with connections of its own.
class RedisBackend final : public Backend {
public:
    RedisBackend(std::shared_ptr<Shared> shared, std::shared_ptr<const SentinelWatch> watch);

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
    /// A place in a listing: behind this one.
    struct Place {
        std::int64_t created = 0;
        std::string gid;
    };

    /// One entry of a listing's index, with its record if it passed the filter.
    struct Entry {
        Place place;
        std::optional<Stored> stored;
    };

    struct Claim {
        Time was_due;
        txn::Transaction transaction;
    };

    Result<void> ready();
    const Slice& slice_of(std::string_view gid) const {
        return shared_->layout.slices()[shared_->layout.slice_of(gid)];
    }

    // Changes.
    Result<void> apply_part(std::span<const Mutation> batch, std::span<Outcome> outcomes);
    void insist(std::span<const Mutation> batch, std::vector<Answer>& answers);
    void settle(std::span<const Mutation> batch, std::vector<Answer>& answers, std::span<Outcome> outcomes);
    Command command_of(const Mutation& mutation, bool in_need) const;
    Command insert_of(const Mutation& mutation) const;
    Command update_of(const Mutation& mutation, bool in_need) const;
    Command append_of(const Mutation& mutation, bool in_need) const;
    Answer bring_into_layout(const Mutation& mutation);
    Result<std::optional<Stored>> read(const std::string& gid);

    // Due times.
    Result<std::vector<std::size_t>> shares_of_due(Time due, std::size_t limit, std::optional<Time>& next_due);
    static std::optional<Time> take_claims(const Reply& reply, std::vector<Claim>& claims);

    // Listings.
    Result<std::vector<Entry>> entries(const Slice& slice, const Filter& filter, const std::optional<Place>& behind,
                                       std::size_t count, bool& is_last);

    // Sweeping.
    struct Sweep {
        Time finished_before;  ///< Remove what finished before; no_time: nothing.
        Time created_before;   ///< Look no further than this.
        std::size_t limit = 0;
    };
    Result<std::size_t> sweep(std::size_t slice, const Sweep& what);
    void sweep_now_and_then(Time now);

    // Records that the indexes lack, since dtm wrote them.
    Result<void> index_what_is_missing();
    Result<void> index_node(const Address& node);
    Result<void> index_transactions(const std::vector<std::string>& keys);
    Result<void> index_key_values(const std::vector<std::string>& keys);
    Result<std::vector<std::string>> values_of(const std::vector<std::string>& keys, std::uint16_t slot);

    // Key-value records.
    Result<Outcome> change_key_value(const KeyValue& item, const std::string& old, const std::string& now);
    Result<std::string> stored_key_value(const std::string& category, const std::string& key);

    const std::shared_ptr<Shared> shared_;
    Link link_;
    bool is_ready_ = false;
    std::vector<std::size_t> sweep_at_;  ///< How far each slice's index has been swept.
};

/// EVALSHA, with `keys` and `words` behind them.
std::string script_call(Script script, std::initializer_list<std::string> keys, std::span<const std::string> words);

/// An unexpected form of answer: a bug, or not the Redis that we know.
Error odd_answer(std::string_view to_what);

}  // namespace dtmd::store::redis
