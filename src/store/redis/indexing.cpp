#include "store/redis/backend_impl.h"
#include "store/redis/time_text.h"

#include <algorithm>
#include <map>

// dtm has no index of what there is. What it wrote is looked for now and then and entered into ours, so that listings
// show it.
namespace dtmd::store::redis {
namespace {

// Looking through all keys takes a moment where there are millions: never more than a fiftieth of the time.
constexpr auto shortest_interval = std::chrono::seconds(60);
constexpr int interval_factor = 50;
constexpr std::string_view keys_at_once = "1000";

}  // namespace

Result<void> RedisBackend::index_what_is_missing() {
    const auto start = std::chrono::steady_clock::now();
    if (!shared_->begin_indexing(start)) return {};
    Result<void> done;
    if (const auto nodes = link_.primaries()) {
        for (const Address& node : *nodes) {
            if (done) done = index_node(node);
        }
    } else {
        done = nodes.error();
    }
    const auto end = std::chrono::steady_clock::now();
    const auto pause =
        std::max<std::chrono::steady_clock::duration>(shortest_interval, (end - start) * interval_factor);
    shared_->end_indexing(done ? end + pause : end);
    return done;
}

Result<void> RedisBackend::index_node(const Address& node) {
    // With slices all prefixes begin alike: "{a:" for "{a}".
    const auto& slices = shared_->layout.slices();
    const std::string& first = slices.front().prefix;
    const std::string begin = slices.size() == 1 ? first : first.substr(0, first.rfind(':') + 1);
    const std::string key_values = shared_->layout.base().prefix + "_kv_";
    const std::string patterns[] = {glob_escaped(begin) + (slices.size() == 1 ? "_g_*" : "*}_g_*"),
                                    glob_escaped(key_values) + "*"};
    for (const auto& pattern : patterns) {
        std::string cursor = "0";
        do {
            const Answer answer = link_.run_at(node, command("SCAN", cursor, "MATCH", pattern, "COUNT", keys_at_once));
            if (!answer) return answer.error();
            if (answer->items.size() < 2) return odd_answer("SCAN");
            cursor = answer->at(0);
            std::vector<std::string> keys;
            for (const Reply& key : answer->items[1].items) keys.push_back(key.text);
            auto indexed = &pattern == &patterns[0] ? index_transactions(keys) : index_key_values(keys);
            if (!indexed) return indexed;
        } while (cursor != "0");
    }
    return {};
}

Result<std::vector<std::string>> RedisBackend::values_of(const std::vector<std::string>& keys, std::uint16_t slot) {
    std::vector<std::string> out;
    if (keys.empty()) return out;
    CommandText text(keys.size() + 1);
    text.add("MGET");
    for (const auto& key : keys) text.add(key);
    const Answer answer = link_.run({slot, text.take()});
    if (!answer) return answer.error();
    if (answer->items.size() != keys.size()) return odd_answer("MGET");
    for (const Reply& value : answer->items) out.push_back(value.text);
    return out;
}

Result<void> RedisBackend::index_transactions(const std::vector<std::string>& keys) {
    std::map<std::size_t, std::vector<std::string>> gids;
    for (const auto& key : keys) {
        const auto mark = key.find("_g_", key.find('}') == std::string::npos ? 0 : key.find('}'));
        if (mark == std::string::npos) continue;
        const std::string gid = key.substr(mark + 3);
        const std::size_t slice = shared_->layout.slice_of(gid);
        if (shared_->layout.slices()[slice].global(gid) == key) gids[slice].push_back(gid);
    }
    for (const auto& [number, names] : gids) {
        const Slice& slice = shared_->layout.slices()[number];
        std::vector<Command> lookups;
        for (const auto& gid : names) lookups.push_back({slice.slot, command("ZSCORE", slice.created(), gid)});
        const auto scores = link_.run(lookups);
        std::vector<std::string> missing, globals;
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!scores[i]) return scores[i].error();
            if (scores[i]->kind != Reply::Kind::nil) continue;
            missing.push_back(names[i]);
            globals.push_back(slice.global(names[i]));
        }
        if (missing.empty()) continue;
        const auto values = values_of(globals, slice.slot);
        if (!values) return values.error();
        std::vector<std::string> words{slice.prefix};
        for (std::size_t i = 0; i < missing.size(); ++i) {
            const auto record =
                decode({.gid = missing[i], .global = (*values)[i], .status = {}, .score = {}, .branches = {}});
            if (!record) continue;  // Gone since, or damaged.
            words.push_back(missing[i]);
            words.push_back(std::to_string(to_ms(record->create_time)));
        }
        const Answer entered =
            link_.change({slice.slot, script_call(Script::index, {slice.created(), slice.open()}, words)});
        if (!entered) return entered.error();
    }
    return {};
}

Result<void> RedisBackend::index_key_values(const std::vector<std::string>& keys) {
    const Slice& base = shared_->layout.base();
    const auto values = values_of(keys, base.slot);
    if (!values) return values.error();
    std::vector<Command> entries;
    for (const auto& value : *values) {
        if (value.empty()) continue;
        const auto item = decode_key_value(value);
        if (item) entries.push_back({base.slot, command("ZADD", base.categories(item->category), "0", item->key)});
    }
    for (const Answer& answer : link_.change(entries)) {
        if (!answer) return answer.error();
    }
    return {};
}

}  // namespace dtmd::store::redis
