#include "store_contract/redis_store.h"

namespace dtmd::store::test {
namespace {

using RedisValues = RedisStore;

const std::vector<std::string> nasty{"'; drop",
                                     "\"quoted\" \\ back",
                                     "line\r\n\ttab",
                                     std::string("\0nul\0", 5),
                                     "\xF0\x9F\x92\xB8 \xE2\x82\xAC \xE2\x80\xA8",
                                     "\xff\xfe\x80 \xed\xa0\x80 \xc0\xaf",
                                     "\",\"status\":\"succeed\",\"gid\":\"",
                                     "*3\r\n$8\r\nFLUSHALL\r\n",
                                     "<script>&amp;",
                                     "{\"dtmd\":{\"not_before\":1,\"rows\":2}}",
                                     "%s %n ${x} {a} {b}"};

}  // namespace

TEST_F(RedisValues, KeepsNastyTextsInEveryField) {
    for (const auto& text : nasty) {
        SCOPED_TRACE(text);
        auto record = full("g" + text);
        record.payloads = {text, "", text + text};
        record.steps = {{{{text, text}, {"status", "x"}, {"trans_type", "xa"}}}};
        record.query_prepared = record.custom_data = record.result = record.rollback_reason = text;
        record.owner = record.ext_data = text;
        record.options.branch_headers = {{text, text}, {"status", text}, {"custom_data", text}};
        for (auto& row : record.branches) row.body = row.url = row.last_error = text;
        record.branches[0].branch_id = record.branches[1].op = text;
        ASSERT_EQ(apply(insert(record)), Outcome::ok);
        EXPECT_EQ(load(record.gid), record);

        Patch patch;
        patch.update_time = record.update_time = at(1000);
        patch.rollback_reason = record.rollback_reason = text + "!";
        patch.custom_data = record.custom_data = text + "?";
        patch.result = record.result = "";
        patch.options = record.options = {.branch_headers = {{text + "2", text}}};
        patch.not_before = record.not_before = at(2000);
        patch.next_cron_time = record.next_cron_time = at(3000);
        patch.rows.push_back({.row = 0, .status = txn::BranchStatus::failed, .last_error = text + "3"});
        auto& row = record.branches[0];
        row.status = txn::BranchStatus::failed;
        row.update_time = row.finish_time = row.first_call = row.last_call = no_time;
        row.attempts = 0;
        row.last_error = text + "3";
        auto wrong = update(record.gid, record.status, patch);
        wrong.expect_mode = txn::Mode::xa;
        EXPECT_EQ(apply(std::move(wrong)), Outcome::not_found);
        auto right = update(record.gid, record.status, patch);
        right.expect_mode = txn::Mode::workflow;
        EXPECT_EQ(apply(std::move(right)), Outcome::ok);
        EXPECT_EQ(load(record.gid), record);
        EXPECT_EQ(apply(append(record.gid, record.status, {record.branches[0]})), Outcome::conflict);
        auto another = branch(text, "no such op");
        EXPECT_EQ(apply(append(record.gid, record.status, {another})), Outcome::ok);
        record.branches.push_back(another);
        EXPECT_EQ(load(record.gid), record);
    }
    EXPECT_EQ(backend->list({}, "", 100)->transactions.size(), nasty.size());
}

TEST_F(RedisValues, KeepsNastyKeysAndValues) {
    for (const auto& text : nasty) {
        const KeyValue item{
            .category = "topics", .key = text, .value = text, .create_time = at(1), .update_time = at(2)};
        ASSERT_EQ(*backend->kv_create(item), Outcome::ok);
        const auto found = backend->kv_find("topics", text);
        ASSERT_TRUE(found && *found);
        EXPECT_EQ((*found)->value, text);
    }
    EXPECT_EQ(backend->kv_scan("topics", "", 100)->items.size(), nasty.size());
}

TEST_F(RedisValues, KeepsKeysApartThatShareOneNameInRedis) {
    KeyValue item{.category = "a", .key = "b_c", .value = "first", .create_time = at(1), .update_time = at(1)};
    ASSERT_EQ(*backend->kv_create(item), Outcome::ok);
    EXPECT_FALSE(backend->kv_find("a_b", "c")->has_value());
    EXPECT_EQ(*backend->kv_delete("a_b", "c"), Outcome::not_found);
    EXPECT_TRUE(backend->kv_find("a", "b_c")->has_value());
}

// It is most of what a transaction has to write, and its log and replicas carry whatever is written.
TEST_F(RedisValues, LeavesTheRecordAloneForAResult) {
    auto record = saga("g");
    ASSERT_EQ(apply(insert(record)), Outcome::ok);
    Patch patch{.update_time = at(5)};
    patch.rows.push_back({.row = 1, .status = txn::BranchStatus::succeed, .update_time = at(5), .finish_time = at(5)});
    ASSERT_EQ(apply(update("g", txn::Status::submitted, patch)), Outcome::ok);
    record.branches[1].status = txn::BranchStatus::succeed;
    record.branches[1].update_time = record.branches[1].finish_time = at(5);
    EXPECT_EQ(load("g"), record);

    patch.retry_count = 0;
    ASSERT_EQ(apply(update("g", txn::Status::submitted, patch)), Outcome::ok);
    EXPECT_EQ(load("g"), record);

    patch.retry_count = 1;
    ASSERT_EQ(apply(update("g", txn::Status::submitted, patch)), Outcome::ok);
    record.retry_count = 1;
    record.update_time = at(5);
    EXPECT_EQ(load("g"), record);
}

TEST_F(RedisValues, TakesABatchOfLargePayloadsInParts) {
    std::vector<Mutation> batch;
    for (int i = 0; i < 12; ++i) {
        auto record = saga("g" + std::to_string(i));
        for (auto& row : record.branches) row.body = std::string(1 << 20, static_cast<char>('a' + i));
        batch.push_back(insert(record));
    }
    std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
    ASSERT_TRUE(backend->apply(batch, outcomes));
    EXPECT_EQ(outcomes, std::vector<Outcome>(batch.size(), Outcome::ok));
    EXPECT_EQ(load("g11"), batch[11].record);
}

}  // namespace dtmd::store::test
