#include "store/mysql/backend_impl.h"
#include "store/mysql/position.h"

#include <algorithm>

namespace dtmd::store::mysql {
namespace {

constexpr std::size_t longest_page = 100'000;

constexpr std::string_view columns = "cat,k,v,version,create_time,update_time";

KeyValue read(const Reply& row, const Zone& zone) {
    return {.category = std::string(row.text(0)),
            .key = std::string(row.text(1)),
            .value = std::string(row.text(2)),
            .version = static_cast<std::uint64_t>(row.number(3)),
            .create_time = zone.from_text(row.text(4)),
            .update_time = zone.from_text(row.text(5))};
}

Error refused(const KeyValue& item, const std::string& why) {
    return {Errc::invalid, item.category + " " + item.key + ": " + why};
}

}  // namespace

Result<KeyValuePage> MySqlBackend::kv_scan(const std::string& category, const std::string& position,
                                           std::size_t limit) {
    const auto after = position_id(position);
    if (!after) return after.error();
    limit = std::min(limit, longest_page);
    const auto session = link_.get();
    if (!session) return session.error();
    Statement look = statement(**session);
    look.raw("SELECT ").raw(columns).raw(",id FROM kv WHERE cat=").text(category);
    look.raw(" AND id>").number(*after).raw(" ORDER BY id LIMIT ").number(static_cast<std::int64_t>(limit) + 1);
    auto replies = link_.read(look.take());
    if (!replies) return replies.error();
    KeyValuePage page;
    Reply& found = (*replies)[0];
    std::int64_t last = 0;
    while (found.next()) {
        if (page.items.size() == limit) {
            page.next_position = std::to_string(last);
            break;
        }
        last = found.number(6);
        page.items.push_back(read(found, link_.shared().zone));
    }
    return page;
}

Result<std::optional<KeyValue>> MySqlBackend::kv_find(const std::string& category, const std::string& key) {
    if (!sql::is_text(category) || !sql::is_text(key)) return std::optional<KeyValue>();
    const auto session = link_.get();
    if (!session) return session.error();
    Statement look = statement(**session);
    look.raw("SELECT ").raw(columns).raw(" FROM kv WHERE cat=").text(category).raw(" AND k=").text(key);
    auto replies = link_.read(look.take());
    if (!replies) return replies.error();
    Reply& found = (*replies)[0];
    while (found.next()) {
        auto item = read(found, link_.shared().zone);
        if (item.category == category && item.key == key) return std::optional(std::move(item));
    }
    return std::optional<KeyValue>();
}

Result<Outcome> MySqlBackend::kv_create(const KeyValue& item) {
    const auto session = link_.get();
    if (!session) return session.error();
    if (const auto why = sql::why_refused(item, (*session)->facts.limits); !why.empty()) return refused(item, why);
    Statement change = statement(**session);
    change.raw("INSERT INTO kv (").raw(columns).raw(") VALUES (").text(item.category).raw(",").text(item.key);
    change.raw(",").text(item.value).raw(",").number(static_cast<std::int64_t>(item.version)).raw(",");
    change.time(item.create_time).raw(",").time(item.update_time).raw(")");
    return change_key_value(change.take());
}

Result<Outcome> MySqlBackend::kv_update(const KeyValue& item) {
    const auto session = link_.get();
    if (!session) return session.error();
    if (const auto why = sql::why_refused(item, (*session)->facts.limits); !why.empty()) return refused(item, why);
    const auto version = static_cast<std::int64_t>(item.version);
    Statement change = statement(**session);
    change.raw("UPDATE kv SET v=").text(item.value).raw(",version=").number(version).raw(",update_time=");
    change.time(item.update_time).raw(" WHERE cat=").text(item.category).raw(" AND k=").text(item.key);
    change.raw(" AND version=").number(version - 1);
    return change_key_value(change.take());
}

Result<Outcome> MySqlBackend::kv_delete(const std::string& category, const std::string& key) {
    const auto session = link_.get();
    if (!session) return session.error();
    if (!sql::is_text(category) || !sql::is_text(key)) return Outcome::not_found;
    Statement change = statement(**session);
    change.raw("DELETE FROM kv WHERE cat=").text(category).raw(" AND k=").text(key);
    return change_key_value(change.take());
}

// One statement, which commits by itself.
Result<Outcome> MySqlBackend::change_key_value(const std::string& statement) {
    const auto session = link_.get();
    if (!session) return session.error();
    auto done = (*session)->run(statement);
    if (done) return done->front().matched() == 0 ? Outcome::not_found : Outcome::ok;
    if (done.error().fault == Fault::duplicate) return Outcome::conflict;
    return link_.failed(done.error(), true);
}

}  // namespace dtmd::store::mysql
