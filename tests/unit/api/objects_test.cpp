#include "api/json/objects.h"

#include "api/json/json_write.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace dtmd::api {
namespace {

// The process's zone for the length of a test.
class Zone {
public:
    explicit Zone(const char* name) {
        if (const char* old = std::getenv("TZ")) before_ = old;
        set(name);
    }
    ~Zone() { before_.empty() ? static_cast<void>(unsetenv("TZ")) : set(before_.c_str()); }

private:
    static void set(const char* name) {
        setenv("TZ", name, 1);
        tzset();
    }
    std::string before_;
};

constexpr Time moment = Time(Millis(1'795'236'554'484));

std::string time_text(Time time) {
    std::string out;
    append_time(out, time);
    return out;
}

TEST(Objects, ShowTimesInTheLocalZone) {
    {
        const Zone zone("UTC");
        EXPECT_EQ(time_text(moment), R"("2026-11-21T04:49:14.484Z")");
        EXPECT_EQ(time_text(Time(Millis(1'795'236'554'000))), R"("2026-11-21T04:49:14.000Z")");
        EXPECT_EQ(time_text(Time(Millis(-1))), R"("1969-12-31T23:59:59.999Z")");
    }
    {
        const Zone zone("CST-8");
        EXPECT_EQ(time_text(moment), R"("2026-11-21T12:49:14.484+08:00")");
    }
    {
        const Zone zone("NST3:30");
        EXPECT_EQ(time_text(moment), R"("2026-11-21T01:19:14.484-03:30")");
    }
}

// The sample of the protocol description, member by member.
TEST(Objects, ShowATransactionLikeDtm) {
    const Zone zone("UTC");
    txn::Transaction saga;
    saga.gid = "gs1";
    saga.status = txn::Status::submitted;
    saga.steps = {{{{"action", "http://a"}, {"compensate", "http://c"}}}};
    saga.payloads = {R"({"a":1})"};
    saga.options.branch_headers = {{"h", "v"}};
    saga.create_time = saga.update_time = moment;
    saga.next_cron_interval = 20;
    saga.next_cron_time = moment + std::chrono::seconds(20);
    std::string out;
    append_transaction(out, saga);
    EXPECT_EQ(
        out, R"({"id":0,"create_time":"2026-11-21T04:49:14.484Z","update_time":"2026-11-21T04:49:14.484Z","gid":"gs1",)"
             R"("trans_type":"saga","steps":[{"action":"http://a","compensate":"http://c"}],"payloads":["{\"a\":1}"],)"
             R"("status":"submitted","protocol":"http",)"
             R"("options":"{\"branch_headers\":{\"h\":\"v\"},\"concurrent\":false}","next_cron_interval":20,)"
             R"("next_cron_time":"2026-11-21T04:49:34.484Z","branch_headers":{"h":"v"},"concurrent":false})");
}

TEST(Objects, ShowEveryMemberInItsPlace) {
    const Zone zone("UTC");
    txn::Transaction all;
    all.gid = "g";
    all.mode = txn::Mode::message;
    all.status = txn::Status::failed;
    all.query_prepared = "q";
    all.finish_time = all.rollback_time = moment;
    all.result = "r";
    all.rollback_reason = "why";
    all.custom_data = "{}";
    all.owner = "o";
    all.ext_data = "e";
    all.options = {true, 1, 2, 3, {}, true, 4};
    all.retry_count = 5;
    std::string out;
    append_transaction(out, all);
    EXPECT_EQ(
        out,
        R"({"id":0,"create_time":null,"update_time":null,"gid":"g","trans_type":"msg","status":"failed",)"
        R"("query_prepared":"q","protocol":"http","finish_time":"2026-11-21T04:49:14.484Z",)"
        R"("rollback_time":"2026-11-21T04:49:14.484Z","result":"r","rollback_reason":"why",)"
        R"("options":"{\"wait_result\":true,\"timeout_to_fail\":1,\"request_timeout\":2,\"retry_interval\":3,)"
        R"(\"concurrent\":true,\"retry_limit\":4,\"retry_count\":5}","custom_data":"{}","owner":"o","ext_data":"e",)"
        R"("wait_result":true,"timeout_to_fail":1,"request_timeout":2,"retry_interval":3,"concurrent":true,)"
        R"("retry_limit":4,"retry_count":5})");
}

TEST(Objects, AlwaysShowOptions) { EXPECT_EQ(options_text(txn::Transaction{}), R"({"concurrent":false})"); }

TEST(Objects, ShowBranchesWithAnyBytes) {
    const Zone zone("UTC");
    txn::Transaction transaction;
    transaction.gid = "g";
    txn::Branch& branch = transaction.branches.emplace_back();
    branch.branch_id = "01";
    branch.op = "action";
    branch.url = "http://a?x=1&y=<\xFF>";
    branch.body = std::string("\0\xFF", 2);
    branch.create_time = branch.finish_time = moment;
    branch.last_error = "bad \xC3( end\xE2\x80\xA8";
    std::string out;
    append_branches_with_attempts(out, transaction);
    EXPECT_EQ(out, R"([{"id":0,"create_time":"2026-11-21T04:49:14.484Z","update_time":null,"gid":"g",)"
                   "\"url\":\"http://a?x=1\\u0026y=\\u003c\xEF\xBF\xBD\\u003e\",\"bin_data\":\"AP8=\","
                   R"("branch_id":"01","op":"action","status":"prepared","finish_time":"2026-11-21T04:49:14.484Z",)"
                   "\"attempts\":0,\"last_error\":\"bad \xEF\xBF\xBD( end\\u2028\","
                   R"("first_call":null,"last_call":null}])");
}

}  // namespace
}  // namespace dtmd::api
