#include "unit/api/fakes.h"

#include <gtest/gtest.h>

namespace dtmd::api {
namespace {

constexpr Time at(std::int64_t millis) { return Time(Millis(millis)); }

TEST(Operations, RefuseBadParameters) {
    struct Case {
        const char* target;
        unsigned status;
        const char* message;
    };
    const Case cases[] = {
        {"/api/dtmsvr/query", 500, "no gid specified"},
        {"/api/dtmsvr/query?gid=", 500, "no gid specified"},
        {"/api/dtmsvr/query?gid=a+b", 400, "gid: must not contain spaces or control characters"},
        {"/api/transaction", 400, "gid: must not be empty"},
        {"/api/dtmsvr/all?limit=abc", 400, "convert to int error: abc"},
        {"/api/dtmsvr/all?limit=5x", 400, "convert to int error: 5x"},
        {"/api/dtmsvr/all?limit=99999999999999999999", 400, "convert to int error: 99999999999999999999"},
        {"/api/dtmsvr/all?limit=0", 400, "limit: expected at least 1, got 0"},
        {"/api/dtmsvr/all?createTimeStart=now", 400, "convert to int error: now"},
        {"/api/dtmsvr/all?createTimeEnd=-1", 400, "createTimeEnd: expected a number from 0 to 253402300799999, got -1"},
        {"/api/dtmsvr/all?status=done", 400,
         "unknown status 'done': expected prepared, submitted, aborting, succeed or failed"},
        {"/api/dtmsvr/all?transType=sega", 400, "unknown trans_type 'sega': expected saga, tcc, xa, msg or workflow"},
        {"/api/dtmsvr/resetCronTime?timeout=-1", 400, "timeout: expected a number from 0 to 316224000, got -1"},
        {"/api/dtmsvr/resetCronTime?limit=1.5", 400, "convert to int error: 1.5"},
        {"/api/dtmsvr/scanKV?cat=topics&limit=x", 400, "convert to int error: x"},
    };
    for (const Case& row : cases) {
        SCOPED_TRACE(row.target);
        Client client;
        const auto response = client.get(row.target);
        EXPECT_EQ(response.status, row.status);
        EXPECT_EQ(response.body, R"({"message":")" + std::string(row.message) + R"("})");
        EXPECT_TRUE(client.engine.calls.empty());
    }
}

TEST(Operations, FilterListings) {
    Client client;
    client.get(
        "/api/dtmsvr/all?status=aborting&transType=msg&createTimeStart=1000&createTimeEnd=2999&limit=7&position=p%2B");
    EXPECT_EQ(client.engine.calls.at(0), "list p+ 7");
    EXPECT_EQ(client.engine.filter->mode, txn::Mode::message);
    EXPECT_EQ(client.engine.filter->status, txn::Status::aborting);
    EXPECT_EQ(client.engine.filter->created_from, at(1000));
    EXPECT_EQ(client.engine.filter->created_to, at(2999));

    client.get("/api/dtmsvr/all?status=&transType=&createTimeStart=&createTimeEnd=&limit=&position=&gid=");
    EXPECT_EQ(client.engine.calls.at(1), "list  100");
    EXPECT_FALSE(client.engine.filter->mode || client.engine.filter->status || client.engine.filter->created_from);
}

TEST(Operations, ShowListings) {
    Client client;
    EXPECT_EQ(client.get("/api/dtmsvr/all").body, R"({"next_position":"","transactions":[]})");
    client.engine.page.next_position = "n1";
    client.engine.page.transactions.resize(2);
    const auto page = client.get("/api/dtmsvr/all");
    EXPECT_TRUE(page.body.starts_with(R"({"next_position":"n1","transactions":[{"id":0,)")) << page.body;
    EXPECT_NE(page.body.find("},{"), std::string::npos);

    EXPECT_EQ(client.get("/api/dtmsvr/all?gid=g&position=7").body, R"({"next_position":"7","transactions":null})");
    client.engine.found.emplace();
    const auto one = client.get("/api/dtmsvr/all?gid=g");
    EXPECT_TRUE(one.body.starts_with(R"({"next_position":"","transactions":[{"id":0,)")) << one.body;
    EXPECT_TRUE(one.body.ends_with("}]}"));
}

TEST(Operations, ShowOneTransaction) {
    Client client;
    EXPECT_EQ(client.get("/api/dtmsvr/query?gid=g").body, R"({"branches":[],"transaction":null})");
    const auto unknown = client.get("/api/transaction?gid=g");
    EXPECT_EQ(unknown.status, 404U);
    EXPECT_EQ(unknown.body, R"({"message":"no transaction with gid: g"})");

    client.engine.found.emplace();
    client.engine.found->gid = "g";
    client.engine.found->rollback_reason = "no money FAILURE";
    txn::Branch& branch = client.engine.found->branches.emplace_back();
    branch.branch_id = "01";
    branch.op = "action";
    branch.attempts = 3;
    branch.last_error = "HTTP 502";
    branch.first_call = at(1);
    const auto plain = client.get("/api/dtmsvr/query?gid=g");
    EXPECT_TRUE(
        plain.body.starts_with(R"({"branches":[{"id":0,"create_time":null,"update_time":null,"gid":"g",)"
                               R"("branch_id":"01","op":"action","status":"prepared"}],"transaction":{"id":0,)"))
        << plain.body;
    const auto full = client.get("/api/transaction?gid=g");
    EXPECT_TRUE(full.body.starts_with(R"({"transaction":{"id":0,)"));
    EXPECT_NE(full.body.find(R"("status":"prepared","attempts":3,"last_error":"HTTP 502","first_call":"19)"),
              std::string::npos)
        << full.body;
    EXPECT_TRUE(full.body.ends_with(R"(,"last_call":null}],"rollback_reason":"no money FAILURE"})")) << full.body;
}

TEST(Operations, CountWhatWasReset) {
    Client client;
    client.engine.reset = {12, true};
    EXPECT_EQ(client.get("/api/dtmsvr/resetCronTime").body, R"({"has_remaining":true,"succeed_count":12})");
}

TEST(Operations, ShowKeyValues) {
    Client client;
    EXPECT_EQ(client.get("/api/dtmsvr/scanKV?cat=topics").body, R"({"kv":[],"next_position":""})");
    EXPECT_EQ(client.get("/api/dtmsvr/queryKV?cat=topics").body, R"({"kv":[]})");
    store::KeyValue topic{"topics", "t1", R"([{"url":"u","remark":""}])", 2, {}, {}};
    client.engine.key_values = {{topic}, "t1"};
    const std::string item = R"({"id":0,"create_time":null,"update_time":null,"cat":"topics","k":"t1",)"
                             R"("v":"[{\"url\":\"u\",\"remark\":\"\"}]","version":2})";
    EXPECT_EQ(client.get("/api/dtmsvr/scanKV?cat=topics").body, R"({"kv":[)" + item + R"(],"next_position":"t1"})");
    EXPECT_EQ(client.get("/api/dtmsvr/queryKV?cat=topics&key=t1").body, R"({"kv":[)" + item + "]}");
}

}  // namespace
}  // namespace dtmd::api
