#include "store/sql/options_text.h"

#include <gtest/gtest.h>

namespace dtmd::store::sql {
namespace {

TEST(OptionsText, IsWhatDtmWrites) {
    EXPECT_EQ(options_text({}, 0), R"({"concurrent":false})");
    txn::Options options;
    options.branch_headers = {{"h", "v"}};
    EXPECT_EQ(options_text(options, 0), R"({"branch_headers":{"h":"v"},"concurrent":false})") << "protocol.md 4.1";
}

TEST(OptionsText, KeepsDtmsOrderOfKeysAndItsEscapes) {
    txn::Options options;
    options.wait_result = true;
    options.timeout_to_fail = 35;
    options.request_timeout = 3;
    options.retry_interval = 10;
    options.branch_headers = {{"a", "<b> & \"c\""}};
    options.concurrent = true;
    options.retry_limit = 7;
    EXPECT_EQ(
        options_text(options, 2),
        R"({"wait_result":true,"timeout_to_fail":35,"request_timeout":3,"retry_interval":10,)"
        R"("branch_headers":{"a":"\u003cb\u003e \u0026 \"c\""},"concurrent":true,"retry_limit":7,"retry_count":2})");
}

TEST(OptionsText, ReadsWhatItWrote) {
    txn::Options options;
    options.wait_result = options.concurrent = true;
    options.timeout_to_fail = 1;
    options.request_timeout = 2;
    options.retry_interval = 3;
    options.retry_limit = 4;
    options.branch_headers = {{"x-a", "1"}, {"x-b", "\xC3\xA4 <&> \\ \"\n"}};
    txn::Options read;
    std::int64_t retry_count = 0;
    EXPECT_TRUE(read_options(options_text(options, 5), read, retry_count));
    EXPECT_EQ(read, options);
    EXPECT_EQ(retry_count, 5);
}

TEST(OptionsText, LeavesAloneWhatIsNotThere) {
    txn::Options options;
    options.timeout_to_fail = 9;
    std::int64_t retry_count = 3;
    EXPECT_TRUE(read_options("", options, retry_count));
    EXPECT_TRUE(read_options(R"({"concurrent":true,"timeout_to_fail":"5","future":[1]})", options, retry_count));
    EXPECT_EQ(options.timeout_to_fail, 9);
    EXPECT_TRUE(options.concurrent);
    EXPECT_EQ(retry_count, 3);
}

TEST(OptionsText, RefusesWhatIsNoObject) {
    txn::Options options;
    std::int64_t retry_count = 0;
    for (const char* text : {"{", "[]", "7", "null", "{\"concurrent\":fal"}) {
        EXPECT_FALSE(read_options(text, options, retry_count)) << text;
    }
}

}  // namespace
}  // namespace dtmd::store::sql
