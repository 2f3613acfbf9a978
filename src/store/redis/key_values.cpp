#include "store/redis/backend_impl.h"

#include <absl/strings/escaping.h>

namespace dtmd::store::redis {

// Empty: there is none.
Result<std::string> RedisBackend::stored_key_value(const std::string& category, const std::string& key) {
    if (auto is_ready = ready(); !is_ready) return is_ready.error();
    const Slice& base = shared_->layout.base();
    const Answer answer = link_.run({base.slot, command("GET", base.key_value(category, key))});
    if (!answer) return Error{Errc::unavailable, answer.error().what};
    return answer->text;
}

// Only if it is still `old`: else it has changed since it was read.
Result<Outcome> RedisBackend::change_key_value(const KeyValue& item, const std::string& old, const std::string& now) {
    const Slice& base = shared_->layout.base();
    const std::string words[] = {old, now, item.key};
    const Answer answer = link_.change(
        {base.slot,
         script_call(Script::kv, {base.key_value(item.category, item.key), base.categories(item.category)}, words)});
    if (!answer) return answer.error();
    return answer->integer == answer::ok ? Outcome::ok : Outcome::conflict;
}

Result<std::optional<KeyValue>> RedisBackend::kv_find(const std::string& category, const std::string& key) {
    const auto stored = stored_key_value(category, key);
    if (!stored) return stored.error();
    if (stored->empty()) return std::optional<KeyValue>();
    auto item = decode_key_value(*stored);
    if (!item) return item.error();
    // "a" + "b_c" and "a_b" + "c" share a key of dtm's.
    if (item->category != category || item->key != key) return std::optional<KeyValue>();
    return std::optional(*std::move(item));
}

Result<Outcome> RedisBackend::kv_create(const KeyValue& item) {
    const auto stored = stored_key_value(item.category, item.key);
    if (!stored) return stored.error();
    if (!stored->empty()) return Outcome::conflict;
    return change_key_value(item, "", encode_key_value(item));
}

Result<Outcome> RedisBackend::kv_update(const KeyValue& item) {
    const auto stored = stored_key_value(item.category, item.key);
    if (!stored) return stored.error();
    if (stored->empty()) return Outcome::not_found;
    const auto before = decode_key_value(*stored);
    if (!before) return before.error();
    if (before->version + 1 != item.version || before->key != item.key) return Outcome::not_found;
    KeyValue after = item;
    after.create_time = before->create_time;
    const auto changed = change_key_value(item, *stored, encode_key_value(after));
    if (!changed) return changed;
    return *changed == Outcome::ok ? Outcome::ok : Outcome::not_found;
}

Result<Outcome> RedisBackend::kv_delete(const std::string& category, const std::string& key) {
    // Whoever changes it meanwhile makes us look again; twice in a row is a quarrel that we need not win.
    for (int attempt = 0; attempt < 3; ++attempt) {
        const auto stored = stored_key_value(category, key);
        if (!stored) return stored.error();
        if (stored->empty()) return Outcome::not_found;
        const auto before = decode_key_value(*stored);
        if (before && (before->category != category || before->key != key)) return Outcome::not_found;
        KeyValue item{.category = category, .key = key, .value = {}, .create_time = {}, .update_time = {}};
        const auto changed = change_key_value(item, *stored, "");
        if (!changed || *changed == Outcome::ok) return changed;
    }
    return Outcome::not_found;
}

Result<KeyValuePage> RedisBackend::kv_scan(const std::string& category, const std::string& position,
                                           std::size_t limit) {
    std::string from = "-";
    if (!position.empty()) {
        std::string key;
        if (!position.starts_with('k') || !absl::WebSafeBase64Unescape(position.substr(1), &key) || key.empty()) {
            return Error{Errc::invalid,
                         "position: \"" + position + "\" is none that this server gave out. Start again without it."};
        }
        from = "(" + key;
    }
    if (auto is_ready = ready(); !is_ready) return is_ready.error();
    if (position.empty()) {
        if (auto indexed = index_what_is_missing(); !indexed) return indexed.error();
    }
    const Slice& base = shared_->layout.base();
    const Answer keys = link_.run({base.slot, command("ZRANGEBYLEX", base.categories(category), from, "+", "LIMIT", "0",
                                                      std::to_string(limit + 1))});
    if (!keys) return keys.error();
    std::vector<std::string> names;
    for (const Reply& key : keys->items) names.push_back(base.key_value(category, key.text));
    const auto values = values_of(names, base.slot);
    if (!values) return values.error();

    KeyValuePage page;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i == limit) {
            page.next_position = "k" + absl::WebSafeBase64Escape(keys->at(limit - 1));
            break;
        }
        if ((*values)[i].empty()) continue;
        auto item = decode_key_value((*values)[i]);
        if (!item) return item.error();
        if (item->category == category) page.items.push_back(*std::move(item));
    }
    return page;
}

}  // namespace dtmd::store::redis
