#include "store_contract/redis_store.h"

#include <nlohmann/json.hpp>

#include <set>

// Records as dtm writes them (docs/protocol.md 4.1, 4.4, 7.3), read and continued; and ours, as dtm reads them.
namespace dtmd::store::test {

using nlohmann::json;
using txn::Mode, txn::Status;

namespace {

constexpr const char* moment = "2026-11-21T12:49:14.484186982+08:00";
constexpr std::int64_t moment_ms = 1'795'236'554'484, due_seconds = 1'795'236'574;

std::string branch_text(const std::string& gid, const std::string& id, const std::string& op,
                        const std::string& extra = {}) {
    return R"({"id":0,"create_time":")" + std::string(moment) + R"(","update_time":")" + moment + R"(","gid":")" + gid +
           R"(","url":"http://127.0.0.1:8081/api/)" + op + R"(?a=1\u0026b=2","bin_data":"eyJhIjoxfQ==","branch_id":")" +
           id + R"(","op":")" + op + R"(","status":"prepared")" + extra + "}";
}

struct DtmRecord {
    std::string gid, type, status, middle;  ///< `middle`: members between status and the end.
    std::vector<std::string> branches;
    std::string steps;
};

class RedisDtmRecords : public RedisStore {
protected:
    // As dtm's SaveNew leaves it.
    void put(const DtmRecord& record) {
        const std::string global =
            R"({"id":0,"create_time":")" + std::string(moment) + R"(","update_time":")" + moment + R"(","gid":")" +
            record.gid + R"(","trans_type":")" + record.type + "\"" + record.steps + R"(,"status":")" + record.status +
            R"(","protocol":"http","options":"{\"concurrent\":false}","next_cron_interval":20,"next_cron_time":")" +
            moment + "\"" + record.middle + R"(,"concurrent":false})";
        ASSERT_EQ(cli({"set", "{a}_g_" + record.gid, global, "EX", "604800"}), "OK");
        ASSERT_EQ(cli({"set", "{a}_s_" + record.gid, record.status, "EX", "604800"}), "OK");
        for (const auto& row : record.branches) cli({"rpush", "{a}_b_" + record.gid, row});
        if (record.status != "succeed" && record.status != "failed") {
            cli({"zadd", "{a}_u", std::to_string(due_seconds), record.gid});
        }
    }

    json global_of(const std::string& gid) { return json::parse(cli({"get", "{a}_g_" + gid})); }
};

const std::vector<DtmRecord> all_modes{
    {"saga-1",
     "saga",
     "submitted",
     "",
     {branch_text("saga-1", "01", "compensate"), branch_text("saga-1", "01", "action")},
     R"(,"steps":[{"action":"http://127.0.0.1:8081/api/action?a=1\u0026b=2",)"
     R"("compensate":"http://127.0.0.1:8081/api/compensate?a=1\u0026b=2"}],)"
     R"("payloads":["{\"a\":1}"])"},
    {"saga-2",
     "saga",
     "aborting",
     R"(,"rollback_reason":"no \"money\"","custom_data":"{\"concurrent\":true}")",
     {branch_text("saga-2", "01", "compensate"), branch_text("saga-2", "01", "action")},
     ""},
    {"tcc-1", "tcc", "prepared", "", {branch_text("tcc-1", "01", "cancel"), branch_text("tcc-1", "01", "confirm")}, ""},
    {"xa-1", "xa", "prepared", "", {branch_text("xa-1", "01", "rollback"), branch_text("xa-1", "01", "commit")}, ""},
    {"msg-1",
     "msg",
     "submitted",
     R"(,"custom_data":"{\"delay\":3}","wait_result":true)",
     {branch_text("msg-1", "01", "action"), branch_text("msg-1", "02-01", "action")},
     ""},
    {"workflow-1",
     "workflow",
     "prepared",
     R"(,"query_prepared":"http://127.0.0.1:8081/workflow/resume","custom_data":"{\"data\":\"e30=\",\"name\":\"wf\"}")",
     {branch_text("workflow-1", "01", "action", R"(,"finish_time":"2026-11-21T12:49:15+08:00")")},
     ""},
    {"done-1", "saga", "succeed", R"(,"finish_time":"2026-11-21T12:49:20.5+08:00")", {}, ""},
};

}  // namespace

TEST_F(RedisDtmRecords, ReadsTheProbedSample) {
    const std::string sample =
        R"({"id":0,"create_time":"2026-11-21T04:49:14.484186982Z",)"
        R"("update_time":"2026-11-21T04:49:14.484186982Z","gid":"gs1","trans_type":"saga",)"
        R"("steps":[{"action":"http://b/in","compensate":"http://b/undo"}],"payloads":["{\"a\":1}"],)"
        R"("status":"submitted","protocol":"http","options":"{\"branch_headers\":{\"h\":\"v\"},)"
        R"(\"concurrent\":false}","next_cron_interval":20,)"
        R"("next_cron_time":"2026-11-21T04:49:34.484Z","branch_headers":{"h":"v"},"concurrent":false})";
    cli({"set", "{a}_g_gs1", sample});
    cli({"set", "{a}_s_gs1", "submitted"});
    cli({"rpush", "{a}_b_gs1",
         R"({"id":0,"create_time":null,"update_time":null,"gid":"gs1","url":"http://b/undo",)"
         R"("bin_data":"eyJhIjoxfQ==","branch_id":"01","op":"compensate","status":"prepared"})",
         R"({"id":0,"create_time":null,"update_time":null,"gid":"gs1","url":"http://b/in",)"
         R"("bin_data":"eyJhIjoxfQ==","branch_id":"01","op":"action","status":"prepared"})"});
    cli({"zadd", "{a}_u", std::to_string(due_seconds), "gs1"});

    const auto read = load("gs1");
    txn::Transaction expected;
    expected.gid = "gs1";
    expected.mode = Mode::saga;
    expected.status = Status::submitted;
    expected.steps = {{{{"action", "http://b/in"}, {"compensate", "http://b/undo"}}}};
    expected.payloads = {"{\"a\":1}"};
    expected.options.branch_headers = {{"h", "v"}};
    expected.create_time = expected.update_time = Time(Millis(moment_ms));
    expected.next_cron_interval = 20;
    expected.next_cron_time = Time(std::chrono::seconds(due_seconds));
    for (const char* op : {"compensate", "action"}) {
        txn::Branch row;
        row.branch_id = "01";
        row.op = op;
        row.url = std::string("http://b/") + (row.op == "action" ? "in" : "undo");
        row.body = "{\"a\":1}";
        expected.branches.push_back(row);
    }
    EXPECT_EQ(read, expected);
}

TEST_F(RedisDtmRecords, ReadsAllModesAndShowsWhatTheirBranchesSay) {
    for (const auto& record : all_modes) put(record);
    const auto saga = load("saga-2");
    EXPECT_EQ(saga.status, Status::aborting);
    EXPECT_EQ(saga.rollback_reason, "no \"money\"");
    EXPECT_EQ(saga.custom_data, "{\"concurrent\":true}");
    EXPECT_EQ(saga.create_time, Time(Millis(moment_ms)));
    EXPECT_EQ(saga.next_cron_time, Time(std::chrono::seconds(due_seconds)));
    ASSERT_EQ(saga.steps.size(), 1u) << "dtm had dropped them";
    EXPECT_EQ(saga.steps[0].get("compensate"), "http://127.0.0.1:8081/api/compensate?a=1&b=2");
    EXPECT_EQ(saga.payloads, std::vector<std::string>{"{\"a\":1}"});
    EXPECT_EQ(load("tcc-1").mode, Mode::tcc);
    EXPECT_EQ(load("xa-1").branches.at(1).op, "commit");
    EXPECT_EQ(load("msg-1").branches.at(1).branch_id, "02-01");
    EXPECT_TRUE(load("msg-1").options.wait_result);
    EXPECT_EQ(load("workflow-1").branches.at(0).finish_time, Time(Millis(moment_ms + 516)));
    EXPECT_EQ(load("done-1").finish_time, Time(Millis(moment_ms + 6016)));
}

TEST_F(RedisDtmRecords, ListsThemAndCountsThem) {
    apply(insert(saga("ours")));
    for (const auto& record : all_modes) put(record);
    cli({"set", "{a}_kv_topics_t1",
         R"({"id":0,"create_time":"2026-11-21T12:49:14+08:00",)"
         R"("update_time":"2026-11-21T12:49:14+08:00","cat":"topics","k":"t1",)"
         R"("v":"[{\"url\":\"http://a\",\"remark\":\"\"}]","version":3})"});
    EXPECT_EQ(backend->list({}, "", 100)->transactions.size(), all_modes.size() + 1);
    EXPECT_EQ(backend->list({.mode = {}, .status = Status::prepared, .created_from = {}, .created_to = {}}, "", 100)
                  ->transactions.size(),
              3u);
    EXPECT_EQ(backend->counts()->unfinished, all_modes.size());
    const auto topics = backend->kv_scan("topics", "", 10);
    ASSERT_TRUE(topics);
    ASSERT_EQ(topics->items.size(), 1u);
    EXPECT_EQ(topics->items[0].version, 3u);
    EXPECT_EQ(topics->items[0].value, R"([{"url":"http://a","remark":""}])");
}

TEST_F(RedisDtmRecords, ContinuesAllModes) {
    for (const auto& record : all_modes) put(record);
    const auto claims =
        backend->claim_due(Time(std::chrono::seconds(due_seconds + 1)), Time(std::chrono::hours(600'000)), 100);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->transactions.size(), all_modes.size() - 1);
    EXPECT_EQ(claims->oldest_due, Time(std::chrono::seconds(due_seconds)));
    for (const auto& before : claims->transactions) {
        SCOPED_TRACE(before.gid);
        Patch patch;
        patch.update_time = at(1);
        patch.retry_count = 1;
        patch.rows.push_back({.row = 0,
                              .status = txn::BranchStatus::succeed,
                              .update_time = at(1),
                              .finish_time = at(1),
                              .attempts = 2,
                              .last_error = "late",
                              .first_call = at(0),
                              .last_call = at(1)});
        auto wrong = update(before.gid, before.status, patch);
        wrong.expect_mode = before.mode == Mode::xa ? Mode::tcc : Mode::xa;
        EXPECT_EQ(apply(std::move(wrong)), Outcome::not_found);
        EXPECT_EQ(apply(update(before.gid, before.status, patch)), Outcome::ok);
        auto expected = before;
        expected.update_time = at(1);
        expected.retry_count = 1;
        auto& row = expected.branches[0];
        row.status = txn::BranchStatus::succeed;
        row.update_time = row.finish_time = row.last_call = at(1);
        row.first_call = at(0);
        row.attempts = 2;
        row.last_error = "late";
        EXPECT_EQ(load(before.gid), expected);
        EXPECT_EQ(apply(append(before.gid, before.status, {branch("01", before.branches[0].op)})), Outcome::conflict);
        EXPECT_EQ(apply(append(before.gid, before.status, {branch("09", "action")})), Outcome::ok);
        EXPECT_EQ(apply(turn(before.gid, before.status, Status::failed)), Outcome::ok);
    }
    EXPECT_EQ(cli({"zcard", "{a}_u"}), "0");
}

// protocol.md 4.1 and 4.4: the JSON types that dtm's decoder insists on.
TEST_F(RedisDtmRecords, WritesWhatDtmReads) {
    auto record = full("g");
    record.payloads = {"{}", "\xF0\x9F\x92\xB8 <&> \"q\" \\ \n\t"};
    record.branches[1].body = std::string("\0\xff", 2);
    ASSERT_EQ(apply(insert(record)), Outcome::ok);
    ASSERT_EQ(apply(update("g", Status::aborting, {.status = {}, .rollback_reason = "why", .update_time = at(3)})),
              Outcome::ok);
    const json global = global_of("g");
    for (const char* key : {"gid", "trans_type", "status", "query_prepared", "protocol", "result", "rollback_reason",
                            "options", "custom_data", "owner", "ext_data"}) {
        EXPECT_TRUE(global.at(key).is_string()) << key;
    }
    for (const char* key : {"create_time", "update_time", "finish_time", "rollback_time", "next_cron_time"}) {
        EXPECT_TRUE(global.at(key).is_string()) << key;
    }
    for (const char* key : {"id", "next_cron_interval", "retry_count"}) {
        EXPECT_TRUE(global.at(key).is_number_integer()) << key;
    }
    EXPECT_TRUE(global.at("concurrent").is_boolean());
    EXPECT_EQ(global.at("create_time"), "2023-11-14T22:13:20.005Z");
    EXPECT_EQ(global.at("payloads").at(1), record.payloads[1]);
    EXPECT_EQ(global.at("options"),
              R"({"wait_result":true,"timeout_to_fail":35,"request_timeout":3,"retry_interval":10,)"
              R"("branch_headers":{"x-a":"1","x-b":"ä"},"concurrent":true,"retry_limit":7})");
    const json ext = json::parse(global.at("ext_data").get<std::string>());
    EXPECT_TRUE(ext.at("headers").is_object());
    EXPECT_EQ(ext.at("dtmd").at("not_before"), at(10).time_since_epoch().count());

    const json row = json::parse(cli({"lindex", "{a}_b_g", "1"}));
    EXPECT_EQ(row.at("bin_data"), "AP8=");
    EXPECT_EQ(row.at("gid"), "g");
    EXPECT_TRUE(row.at("update_time").is_null());
    EXPECT_EQ(row.at("status"), "prepared");
    EXPECT_EQ(cli({"get", "{a}_s_g"}), "aborting");
    EXPECT_EQ(cli({"zscore", "{a}_u", "g"}).substr(0, 10), "1700000000");
}

// Both at work on one store: dtm rewrites what we wrote, without steps and in its own order.
TEST_F(RedisDtmRecords, GoesOnAfterDtmHasRewrittenARecord) {
    auto record = saga("g");
    for (std::size_t row = 0; row < record.branches.size(); ++row) {
        record.branches[row].url = row % 2 == 0 ? "http://bank/undo" : "http://bank/in";
    }
    record.not_before = at(77);
    ASSERT_EQ(apply(insert(record)), Outcome::ok);
    EXPECT_FALSE(global_of("g").contains("steps")) << "its branches say them";
    EXPECT_EQ(load("g"), record);
    json ours = global_of("g");
    ours["status"] = "aborting";  // nlohmann sorts the members, so this is no more our layout.
    cli({"set", "{a}_g_g", ours.dump(), "EX", "604800"});
    cli({"set", "{a}_s_g", "aborting", "EX", "604800"});
    record.status = Status::aborting;
    EXPECT_EQ(load("g"), record);
    EXPECT_EQ(apply(turn("g", Status::aborting, Status::failed, at(5))), Outcome::ok);
    record.status = Status::failed;
    record.update_time = record.rollback_time = at(5);
    EXPECT_EQ(load("g"), record);
}

}  // namespace dtmd::store::test
