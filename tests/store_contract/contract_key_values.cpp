#include "store_contract/backends.h"

namespace dtmd::store::test {
namespace {

KeyValue topic(std::string key, std::string value, std::uint64_t version = 1, Time when = at(0)) {
    return {.category = "topics",
            .key = std::move(key),
            .value = std::move(value),
            .version = version,
            .create_time = when,
            .update_time = when};
}

}  // namespace

TEST_P(Contract, CreatesAKeyOnce) {
    EXPECT_EQ(*backend->kv_create(topic("t", "first")), Outcome::ok);
    EXPECT_EQ(*backend->kv_create(topic("t", "second")), Outcome::conflict);
    reopen();
    const auto found = backend->kv_find("topics", "t");
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->value, "first");
    EXPECT_EQ((*found)->version, 1u);
    EXPECT_EQ((*found)->create_time, at(0));
    EXPECT_FALSE(backend->kv_find("topics", "u")->has_value());
    EXPECT_FALSE(backend->kv_find("other", "t")->has_value());
}

TEST_P(Contract, UpdatesAKeyFromTheVersionBefore) {
    EXPECT_EQ(*backend->kv_update(topic("t", "nothing there", 2)), Outcome::not_found);
    EXPECT_EQ(*backend->kv_create(topic("t", "v1")), Outcome::ok);
    EXPECT_EQ(*backend->kv_update(topic("t", "v2", 2, at(9))), Outcome::ok);
    EXPECT_EQ(*backend->kv_update(topic("t", "also v2", 2)), Outcome::not_found);
    EXPECT_EQ(*backend->kv_update(topic("t", "v4", 4)), Outcome::not_found);
    const auto found = backend->kv_find("topics", "t");
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->value, "v2");
    EXPECT_EQ((*found)->version, 2u);
    EXPECT_EQ((*found)->create_time, at(0));
    EXPECT_EQ((*found)->update_time, at(9));
}

TEST_P(Contract, DeletesAKey) {
    EXPECT_EQ(*backend->kv_delete("topics", "t"), Outcome::not_found);
    EXPECT_EQ(*backend->kv_create(topic("t", "v")), Outcome::ok);
    EXPECT_EQ(*backend->kv_delete("topics", "t"), Outcome::ok);
    EXPECT_FALSE(backend->kv_find("topics", "t")->has_value());
    EXPECT_EQ(*backend->kv_create(topic("t", "again")), Outcome::ok);
}

TEST_P(Contract, ScansOneCategoryPageByPage) {
    for (const char* key : {"a", "b", "b/c", "d'\"", "\xF0\x9F\x98\x80"}) {
        backend->kv_create(topic(key, std::string(key) + "!"));
    }
    auto stranger = topic("a", "not ours");
    for (const char* category : {"topic", "topicsx", "t"}) {
        stranger.category = category;
        EXPECT_EQ(*backend->kv_create(stranger), Outcome::ok);
    }
    std::vector<std::string> seen;
    std::string position;
    do {
        const auto page = backend->kv_scan("topics", position, 2);
        ASSERT_TRUE(page) << page.error().what;
        EXPECT_LE(page->items.size(), 2u);
        for (const auto& item : page->items) {
            EXPECT_EQ(item.category, "topics");
            EXPECT_EQ(item.value, item.key + "!");
            seen.push_back(item.key);
        }
        position = page->next_position;
    } while (!position.empty());
    EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "b/c", "d'\"", "\xF0\x9F\x98\x80"}));
    EXPECT_TRUE(backend->kv_scan("nothing", "", 10)->items.empty());
}

TEST_P(Contract, RefusesAScanPositionItDidNotGive) {
    const auto page = backend->kv_scan("topics", "nonsense*", 10);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, Errc::invalid);
}

TEST_P(Contract, PingsWhenAllIsWell) {
    const auto well = backend->ping();
    EXPECT_TRUE(well) << well.error().what;
}

}  // namespace dtmd::store::test
