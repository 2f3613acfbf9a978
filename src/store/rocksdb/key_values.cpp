#include "store/rocksdb/backend_impl.h"
#include "store/rocksdb/codec.h"

namespace dtmd::store::rocks {
namespace {

KeyValue decode(std::string category, std::string key, proto::KeyValue& record) {
    return {.category = std::move(category),
            .key = std::move(key),
            .value = std::move(*record.mutable_value()),
            .version = record.version(),
            .create_time = from_ms(record.create_time()),
            .update_time = from_ms(record.update_time())};
}

}  // namespace

Result<KeyValuePage> RocksBackend::kv_scan(const std::string& category, const std::string& position,
                                           std::size_t limit) {
    const std::string first = key_value_key(key_, category, {});
    std::string last;
    if (!position.empty()) {
        const auto key = from_position('k', position);
        if (!key) {
            return Error{Errc::invalid, "position: \"" + position +
                                            "\" is none that this server gave out. Start again "
                                            "without it."};
        }
        last = first + *key;
    }
    std::string end_key = first;
    end_key.back() = '\x01';
    const rocksdb::Slice end(end_key);

    KeyValuePage page;
    const auto entry = index('k', end);
    for (entry->Seek(last.empty() ? first : last); entry->Valid(); entry->Next()) {
        if (view(entry->key()) == last) continue;
        if (page.items.size() >= limit) {
            page.next_position = to_position('k', std::string_view(last).substr(first.size()));
            return page;
        }
        last = view(entry->key());
        const auto value = entry->value();
        if (!key_value_.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
            return Error{Errc::unavailable, "The store's record of " + category + " " + last.substr(first.size()) +
                                                " is damaged. Restore the store from a backup."};
        }
        page.items.push_back(decode(category, last.substr(first.size()), key_value_));
    }
    if (!entry->status().ok())
        return Error{Errc::unavailable, "The store's key-value records can't be read: " + entry->status().ToString() +
                                            ". Check the disk."};
    return page;
}

Result<std::optional<KeyValue>> RocksBackend::kv_find(const std::string& category, const std::string& key) {
    const auto found = read(key_value_key(key_, category, key), key_value_, key);
    if (!found) return found.error();
    if (!*found) return std::optional<KeyValue>();
    return std::optional(decode(category, key, key_value_));
}

Result<Outcome> RocksBackend::kv_create(const KeyValue& item) {
    const std::lock_guard lock(database_->write_mutex);
    const auto found = read(key_value_key(key_, item.category, item.key), key_value_, item.key);
    if (!found) return found.error();
    if (*found) return Outcome::conflict;
    return put_key_value(item, item.create_time);
}

Result<Outcome> RocksBackend::kv_update(const KeyValue& item) {
    const std::lock_guard lock(database_->write_mutex);
    const auto found = read(key_value_key(key_, item.category, item.key), key_value_, item.key);
    if (!found) return found.error();
    if (!*found || key_value_.version() + 1 != item.version) return Outcome::not_found;
    return put_key_value(item, from_ms(key_value_.create_time()));
}

Result<Outcome> RocksBackend::kv_delete(const std::string& category, const std::string& key) {
    const std::lock_guard lock(database_->write_mutex);
    const auto found = read(key_value_key(key_, category, key), key_value_, key);
    if (!found) return found.error();
    if (!*found) return Outcome::not_found;
    begin();
    remove(key_value_key(key_, category, key));
    if (auto written = commit(); !written) return written.error();
    return Outcome::ok;
}

Result<Outcome> RocksBackend::put_key_value(const KeyValue& item, Time created) {
    begin();
    key_value_.set_value(item.value);
    key_value_.set_version(item.version);
    key_value_.set_create_time(to_ms(created));
    key_value_.set_update_time(to_ms(item.update_time));
    put(key_value_key(key_, item.category, item.key), key_value_);
    if (auto written = commit(); !written) return written.error();
    return Outcome::ok;
}

}  // namespace dtmd::store::rocks
