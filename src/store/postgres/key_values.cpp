#include "store/postgres/backend_impl.h"
#include "store/sql/position.h"

#include <algorithm>

namespace dtmd::store::postgres {
namespace {

constexpr std::size_t longest_page = 100'000;

constexpr std::string_view select = "SELECT cat,k,v,version,create_time,update_time,id FROM kv WHERE cat=$1::text";

KeyValue read(const Reply& row) {
    return {.category = std::string(row.text(0)),
            .key = std::string(row.text(1)),
            .value = std::string(row.text(2)),
            .version = static_cast<std::uint64_t>(row.number(3)),
            .create_time = row.time(4),
            .update_time = row.time(5)};
}

// A row of six values, in the order of the columns above; times may be NULL.
Query with_item(std::string text, const KeyValue& item) {
    Query query{.text = std::move(text)};
    Array created(Array::Type::time), updated(Array::Type::time);
    created.add(sql::second_of(item.create_time));
    updated.add(sql::second_of(item.update_time));
    query.parameters.text(item.category).text(item.key).text(item.value);
    query.parameters.number(static_cast<std::int64_t>(item.version)).array(created).array(updated);
    return query;
}

Error refused(const KeyValue& item, const std::string& why) {
    return {Errc::invalid, item.category + " " + item.key + ": " + why};
}

}  // namespace

Result<KeyValuePage> PostgresBackend::kv_scan(const std::string& category, const std::string& position,
                                              std::size_t limit) {
    const auto after = sql::position_id(position);
    if (!after) return after.error();
    if (!sql::is_text(category)) return KeyValuePage{};
    limit = std::min(limit, longest_page);
    Query look{.text = std::string(select) + " AND id>$2::bigint ORDER BY id LIMIT $3::bigint"};
    look.parameters.text(category).number(*after).number(static_cast<std::int64_t>(limit) + 1);
    auto found = link_.read(look);
    if (!found) return found.error();
    KeyValuePage page;
    std::int64_t last = 0;
    while (found->next()) {
        if (page.items.size() == limit) {
            page.next_position = std::to_string(last);
            break;
        }
        last = found->number(6);
        page.items.push_back(read(*found));
    }
    return page;
}

Result<std::optional<KeyValue>> PostgresBackend::kv_find(const std::string& category, const std::string& key) {
    if (!sql::is_text(category) || !sql::is_text(key)) return std::optional<KeyValue>();
    Query look{.text = std::string(select) + " AND k=$2::text"};
    look.parameters.text(category).text(key);
    auto found = link_.read(look);
    if (!found) return found.error();
    if (!found->next()) return std::optional<KeyValue>();
    return std::optional(read(*found));
}

Result<Outcome> PostgresBackend::kv_create(const KeyValue& item) {
    const auto session = link_.get();
    if (!session) return session.error();
    if (const auto why = sql::why_refused(item, (*session)->facts.limits); !why.empty()) return refused(item, why);
    const auto reply = change(with_item(
        "INSERT INTO kv (cat,k,v,version,create_time,update_time) VALUES ($1::text,$2::text,$3::text,$4::bigint,"
        "($5::timestamptz[])[1],($6::timestamptz[])[1]) ON CONFLICT (cat,k) DO NOTHING",
        item));
    if (!reply) return reply.error();
    return reply->changed() == 0 ? Outcome::conflict : Outcome::ok;
}

Result<Outcome> PostgresBackend::kv_update(const KeyValue& item) {
    const auto session = link_.get();
    if (!session) return session.error();
    if (const auto why = sql::why_refused(item, (*session)->facts.limits); !why.empty()) return refused(item, why);
    Query query{.text =
                    "UPDATE kv SET v=$3::text,version=$4::bigint,update_time=$5::timestamptz WHERE cat=$1::text AND "
                    "k=$2::text AND version=$4::bigint-1"};
    query.parameters.text(item.category).text(item.key).text(item.value);
    query.parameters.number(static_cast<std::int64_t>(item.version)).time(sql::second_of(item.update_time));
    const auto reply = change(query);
    if (!reply) return reply.error();
    return reply->changed() == 0 ? Outcome::not_found : Outcome::ok;
}

Result<Outcome> PostgresBackend::kv_delete(const std::string& category, const std::string& key) {
    if (!sql::is_text(category) || !sql::is_text(key)) return Outcome::not_found;
    Query query{.text = "DELETE FROM kv WHERE cat=$1::text AND k=$2::text"};
    query.parameters.text(category).text(key);
    const auto reply = change(query);
    if (!reply) return reply.error();
    return reply->changed() == 0 ? Outcome::not_found : Outcome::ok;
}

}  // namespace dtmd::store::postgres
