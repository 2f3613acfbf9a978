#include "store/redis/codec.h"

#include "store/redis/time_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace dtmd::store::redis {
namespace {

txn::Transaction sample() {
    txn::Transaction out;
    out.gid = "g";
    out.mode = txn::Mode::workflow;
    out.status = txn::Status::prepared;
    out.query_prepared = "http://a/b?c=d&e";
    out.custom_data = R"({"name":"wf","data":"e30="})";
    out.create_time = out.update_time = out.next_cron_time = from_ms(1'700'000'000'123);
    out.ext_data = R"({"headers":{"a":"}"}})";
    out.not_before = from_ms(1'700'000'001'000);
    return out;
}

Result<txn::Transaction> read(const std::string& global) {
    return decode({.gid = "g", .global = global, .status = {}, .score = {}, .branches = {}});
}

// The script's way of making the edits, on text.
std::string edited(std::string text, const Patch& patch) {
    std::size_t from = 0;
    for (const Edit& edit : edits_of(patch)) {
        const auto mark = text.find(edit.after, from);
        EXPECT_NE(mark, std::string::npos) << edit.after;
        const auto begin = mark + edit.after.size();
        const auto end = text.find(edit.before, begin);
        EXPECT_NE(end, std::string::npos) << edit.before;
        text.replace(begin, end - begin, edit.value);
        from = begin + edit.value.size();
    }
    return text;
}

TEST(RedisCodec, ReadsWhatItWrites) {
    EXPECT_EQ(*read(encode_global(sample())), sample());
    EXPECT_TRUE(is_ours(encode_global(sample())));
    EXPECT_NO_THROW(static_cast<void>(nlohmann::json::parse(encode_global(sample()))));
}

// Each member alone and all together, as text and as data: the same.
TEST(RedisCodec, EditsTextAsItWouldTheTransaction) {
    Patch all;
    all.status = txn::Status::failed;
    all.rollback_reason = R"(no ","status":"x" \ way)";
    all.result = "r";
    all.custom_data = "";
    all.options = txn::Options{.wait_result = true,
                               .timeout_to_fail = 1,
                               .request_timeout = 0,
                               .retry_interval = 2,
                               .branch_headers = {{"custom_data", ",\"custom_data\":"}},
                               .concurrent = true,
                               .retry_limit = 3};
    all.finish_time = from_ms(5);
    all.rollback_time = from_ms(6);
    all.not_before = from_ms(7);
    all.next_cron_interval = 8;
    all.retry_count = 9;
    all.next_cron_time = from_ms(10);
    for (unsigned mask = 0; mask < 1u << 11; ++mask) {
        Patch patch;
        patch.update_time = from_ms(11);
        const auto take = [&](unsigned bit, auto& to, const auto& from) {
            if ((mask >> bit & 1) != 0) to = from;
        };
        take(0, patch.status, all.status);
        take(1, patch.rollback_reason, all.rollback_reason);
        take(2, patch.result, all.result);
        take(3, patch.custom_data, all.custom_data);
        take(4, patch.options, all.options);
        take(5, patch.finish_time, all.finish_time);
        take(6, patch.rollback_time, all.rollback_time);
        take(7, patch.not_before, all.not_before);
        take(8, patch.next_cron_interval, all.next_cron_interval);
        take(9, patch.retry_count, all.retry_count);
        take(10, patch.next_cron_time, all.next_cron_time);
        auto expected = sample();
        ASSERT_TRUE(apply_patch(patch, expected));
        const std::string text = edited(encode_global(sample()), patch);
        const auto got = read(text);
        ASSERT_TRUE(got) << text;
        ASSERT_EQ(*got, expected) << mask << " " << text;
        ASSERT_EQ(text, encode_global(expected));
    }
}

TEST(RedisCodec, LetsWhatIsNotInTheRecordCount) {
    const auto got = decode(
        {.gid = "g", .global = encode_global(sample()), .status = "aborting", .score = "1700000009.5", .branches = {}});
    EXPECT_EQ(got->status, txn::Status::aborting);
    EXPECT_EQ(got->next_cron_time, from_ms(1'700'000'009'500));
}

TEST(RedisCodec, KeepsAnyExtData) {
    for (const char* text : {"", "{}", "{ }", "[]", "no JSON", R"({"dtmd":1})", R"({"a":"}"})",
                             R"({"dtmd":{"not_before":3,"rows":1},"b":2})"}) {
        auto record = sample();
        record.ext_data = text;
        EXPECT_EQ(*read(encode_global(record)), record) << text;
    }
}

TEST(RedisCodec, NamesWhatItCannotRead) {
    for (const char* text : {"", "{", "[]", "{}", R"({"trans_type":"saga"})", R"({"status":"submitted"})",
                             R"({"trans_type":"sagas","status":"submitted"})", R"({"trans_type":1})"}) {
        const auto got = read(text);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().code, Errc::unavailable);
        EXPECT_NE(got.error().what.find(" g "), std::string::npos) << got.error().what;
    }
    const auto bad_row = decode({.gid = "g",
                                 .global = encode_global(sample()),
                                 .status = {},
                                 .score = {},
                                 .branches = {encode_branch("g", {}), R"({"bin_data":"*"})"}});
    ASSERT_FALSE(bad_row);
    EXPECT_NE(bad_row.error().what.find("row 1"), std::string::npos) << bad_row.error().what;
}

TEST(RedisCodec, KeepsKeyValueRecords) {
    const KeyValue item{.category = "topics",
                        .key = "t\"",
                        .value = R"([{"url":"http://a"}])",
                        .version = 7,
                        .create_time = from_ms(1),
                        .update_time = from_ms(2)};
    const std::string text = encode_key_value(item);
    const auto got = decode_key_value(text);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->value, item.value);
    EXPECT_EQ(got->key, item.key);
    EXPECT_EQ(got->version, 7u);
    EXPECT_EQ(got->update_time, from_ms(2));
    EXPECT_FALSE(decode_key_value("{"));
}

}  // namespace
}  // namespace dtmd::store::redis
