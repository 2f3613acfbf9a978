#pragma once

#include "store/rocksdb/database.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/state.h"

#include <rocksdb/write_batch.h>

#include <memory>
#include <optional>
#include <string>

namespace dtmd::store::rocks {

/// One worker's view of the database. All instances are alike and keep nothing but memory they use again.
class RocksBackend final : public Backend {
public:
    /// To be called on the thread that will use it.
    explicit RocksBackend(std::shared_ptr<Database> database);

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
    Result<void> ping() override { return database_->ping(); }

private:
    using Message = google::protobuf::MessageLite;

    // Reading. `what` names the record in an error message.
    Result<bool> read(const std::string& key, Message& out, std::string_view what,
                      const rocksdb::ReadOptions& how = {});
    Result<bool> read_state(std::string_view gid, const rocksdb::ReadOptions& how = {});
    Result<std::optional<txn::Transaction>> read_transaction(const std::string& gid,
                                                             const rocksdb::ReadOptions& how = {});
    Result<void> read_appended(std::string_view gid, std::size_t count, const rocksdb::ReadOptions& how,
                               std::vector<txn::Branch>& out);
    std::unique_ptr<rocksdb::Iterator> index(char kind, const rocksdb::Slice& end) const;

    // Changing, into `writes_`. With `write_mutex` held.
    Result<Outcome> change(const Mutation& mutation);
    Result<Outcome> insert(const Mutation& mutation);
    Result<Outcome> update(const Mutation& mutation);
    Result<Outcome> append(const Mutation& mutation);
    Result<bool> has_row_of(const Mutation& mutation);
    void put(const std::string& key, const Message& value);
    void put(const std::string& key, const rocksdb::Slice& value) {
        writes_.Put(database_->families().of(key), key, value);
    }
    void remove(const rocksdb::Slice& key) { writes_.Delete(database_->families().of(key), key); }
    void put_state(std::string_view gid) { put(state_key(key_, gid), state_); }
    void move(std::string_view gid, std::optional<Place> from, std::optional<Place> to);
    void move_due(const std::string& gid, Time to);
    Result<bool> remove_finished(std::string_view gid);
    void begin();
    Result<void> commit(bool durable = true);
    Result<Outcome> put_key_value(const KeyValue& item, Time created);

    Time oldest_unfinished(Time from, std::size_t effort, bool& found);

    const std::shared_ptr<Database> database_;
    proto::State state_;
    proto::Fixed fixed_;
    proto::Branch branch_;
    proto::KeyValue key_value_;
    std::string key_, value_;
    rocksdb::PinnableSlice slice_;
    rocksdb::WriteBatch writes_;
    std::int64_t unfinished_change_ = 0;  ///< By what is in `writes_`.
};

inline std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace dtmd::store::rocks
