#include "unit/api/fakes.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dtmd::api {
namespace {

using boost::beast::http::verb;

// Every route once: what the engine is asked, and how the request is counted.
struct Row {
    verb method;
    const char* target;
    const char* body;
    unsigned status;
    const char* call;     // "": the engine isn't asked.
    const char* counted;  // "": not counted.
};

const Row rows[] = {
    {verb::get, "/api/ping", "", 200, "", ""},
    {verb::put, "/api/ping", "", 200, "", ""},
    {verb::get, "/api/metrics", "", 200, "", "http metrics ok"},
    {verb::get, "/metrics", "", 200, "", "http metrics ok"},
    {verb::get, "/api/dtmsvr/version", "", 200, "", "http version ok"},
    {verb::get, "/api/health", "", 200, "health", "http health ok"},
    {verb::get, "/", "", 200, "", "http index ok"},
    {verb::get, "/dtmd", "", 200, "", "http index ok"},
    {verb::get, "/dtmd/", "", 200, "", "http index ok"},
    {verb::head, "/api/health", "", 200, "health", "http health ok"},
    {verb::get, "/api/dtmsvr/newGid", "", 200, "new_gid", "http newgid ok"},
    {verb::post, "/api/dtmsvr/prepare", R"({"gid":"g","trans_type":"tcc"})", 200, "prepare g", "http prepare ok"},
    {verb::post, "/api/dtmsvr/submit", R"({"gid":"g","trans_type":"saga"})", 200, "submit g", "http submit ok"},
    {verb::post, "/api/dtmsvr/submit", R"({"gid":"g","trans_type":"workflow","req_extra":{"status":"succeed"}})", 200,
     "submit_workflow g succeed  ", "http submit ok"},
    {verb::post, "/api/dtmsvr/abort", R"({"gid":"g"})", 200, "abort g  ", "http abort ok"},
    {verb::post, "/api/dtmsvr/forceStop", R"({"gid":"g"})", 200, "force_stop g", "http forcestop ok"},
    {verb::post, "/api/dtmsvr/registerBranch", R"({"gid":"g","trans_type":"tcc"})", 200, "register_branch g",
     "http registerbranch ok"},
    {verb::post, "/api/dtmsvr/registerXaBranch", R"({"gid":"g"})", 200, "register_branch g",
     "http registerxabranch ok"},
    {verb::post, "/api/dtmsvr/registerTccBranch", R"({"gid":"g"})", 200, "register_branch g",
     "http registertccbranch ok"},
    {verb::get, "/api/dtmsvr/query?gid=g%2F1", "", 200, "query g/1", "http query ok"},
    {verb::get, "/api/dtmsvr/all", "", 200, "list  100", "http all ok"},
    {verb::get, "/api/dtmsvr/all?gid=g", "", 200, "query g", "http all ok"},
    {verb::get, "/api/dtmsvr/resetCronTime", "", 200, "reset_cron_time 105 100", "http resetcrontime ok"},
    {verb::get, "/api/dtmsvr/resetCronTime?timeout=7&limit=3", "", 200, "reset_cron_time 7 3", "http resetcrontime ok"},
    {verb::post, "/api/dtmsvr/resetNextCronTime", R"({"gid":"g"})", 200, "reset_next_cron_time g",
     "http resetnextcrontime ok"},
    {verb::get, "/api/dtmsvr/subscribe?topic=t+1&url=http%3A%2F%2Fa%2Fb%3Fc%3D1%2B1&remark=r", "", 200,
     "subscribe t 1 http://a/b?c=1+1 r", "http subscribe ok"},
    {verb::get, "/api/dtmsvr/unsubscribe?topic=t&url=u", "", 200, "unsubscribe t u", "http unsubscribe ok"},
    {verb::delete_, "/api/dtmsvr/topic/t%201+2", "", 200, "delete_topic t 1+2", "http topic ok"},
    {verb::get, "/api/dtmsvr/scanKV?cat=topics&position=p&limit=5000", "", 200, "scan_kv topics p 1000",
     "http scankv ok"},
    {verb::get, "/api/dtmsvr/queryKV?cat=topics&key=k", "", 200, "query_kv topics k", "http querykv ok"},
    {verb::get, "/api/transaction?gid=g", "", 404, "query g", "http transaction fail"},
    {verb::get, "http://host:36789/api/dtmsvr/query?gid=g", "", 200, "query g", "http query ok"},
    {verb::get, "/api/dtmsvr/%71uery?gid=g", "", 200, "query g", "http query ok"},

    {verb::get, "/nothing", "", 404, "", "http other fail"},
    {verb::post, "/api/json-rpc", "{}", 200, "", "http jsonrpc ok"},
    {verb::delete_, "/api/dtmsvr/topic/", "", 404, "", "http other fail"},
    {verb::delete_, "/api/dtmsvr/topic/a/b", "", 404, "", "http other fail"},
    {verb::get, "/api/dtmsvr/Query", "", 404, "", "http other fail"},
    {verb::get, "/api/dtmsvr/query%zz", "", 400, "", "http other fail"},
    {verb::get, "/api/dtmsvr/query?gid=%zz", "", 400, "", "http query fail"},
    {verb::get, "/api/dtmsvr/submit", "", 405, "", "http submit fail"},
    {verb::post, "/api/dtmsvr/query", "", 405, "", "http query fail"},
    {verb::options, "/api/dtmsvr/topic/t", "", 405, "", "http topic fail"},
    {verb::get, "/api/dtmsvr/query/?gid=g", "", 301, "", "http query ok"},
    {verb::post, "/api/dtmsvr/submit/", "{}", 307, "", "http submit ok"},
    {verb::delete_, "/api/dtmsvr/topic/t/", "", 307, "", "http topic ok"},
};

TEST(Routes, AnswerByTheTable) {
    for (const Row& row : rows) {
        SCOPED_TRACE(std::string(boost::beast::http::to_string(row.method)) + " " + row.target);
        Client client;
        const auto response = client.send(row.method, row.target, row.body);
        EXPECT_EQ(response.status, row.status) << response.body;
        const std::vector<std::string> none;
        EXPECT_EQ(client.engine.calls, *row.call ? std::vector<std::string>{row.call} : none);
        EXPECT_EQ(client.metrics.answered, *row.counted ? std::vector<std::string>{row.counted} : none);
    }
}

TEST(Routes, SayThingsInTheirOwnWords) {
    Client client;
    EXPECT_EQ(client.get("/api/ping").body, R"({"msg":"pong"})");
    EXPECT_EQ(client.get("/api/dtmsvr/version").body, R"({"version":"v1.2.3"})");
    EXPECT_EQ(client.get("/api/dtmsvr/newGid").body, R"({"dtm_result":"SUCCESS","gid":"m92Zgjf4JLvWtEskkp5uNW"})");
    EXPECT_EQ(client.get("/api/dtmsvr/newGid").content_type, "application/json; charset=utf-8");
    EXPECT_EQ(client.get("/metrics").body, "dtm_up 1\n");
    EXPECT_TRUE(client.get("/metrics").content_type.starts_with("text/plain; version=0.0.4"));

    const auto unknown = client.get("/nothing");
    EXPECT_EQ(unknown.body, "404 page not found");
    EXPECT_EQ(unknown.content_type, "text/plain");

    const auto wrong = client.post("/api/dtmsvr/query", "{}");
    EXPECT_EQ(header(wrong, "Allow"), "GET");
    EXPECT_EQ(wrong.body, R"({"message":"POST is not allowed here: use GET"})");
    EXPECT_EQ(header(client.get("/api/dtmsvr/topic/t"), "Allow"), "DELETE");
    EXPECT_EQ(header(client.get("/api/dtmsvr/submit"), "Allow"), "POST");

    EXPECT_EQ(header(client.get("/api/dtmsvr/query/?gid=g%201"), "Location"), "/api/dtmsvr/query?gid=g%201");
    EXPECT_EQ(header(client.post("/api/dtmsvr/submit/", "{}"), "Location"), "/api/dtmsvr/submit");

    const auto front = client.get("/");
    EXPECT_TRUE(front.content_type.starts_with("text/plain"));
    EXPECT_NE(front.body.find("dtmd v1.2.3"), std::string::npos);
    EXPECT_NE(front.body.find("/api/transaction?gid="), std::string::npos);
}

TEST(Routes, MeasureFromRequestToAnswer) {
    Client client;
    client.post("/api/dtmsvr/submit", saga_body);
    EXPECT_DOUBLE_EQ(client.metrics.last_seconds, 0.001);
}

// Each kind of answer on routes of every shape.
TEST(Routes, MapEveryAnswerOfTheEngine) {
    using Kind = engine::Answer::Kind;
    struct Case {
        Kind kind;
        unsigned status;
        const char* body;
        const char* retry_after;
    };
    const Case cases[] = {
        {Kind::failure, 409, R"({"dtm_result":"FAILURE","message":"why \u003c\"x\"\u003e FAILURE"})", ""},
        {Kind::ongoing, 425, R"({"dtm_result":"ONGOING","message":"why \u003c\"x\"\u003e FAILURE"})", ""},
        {Kind::invalid, 400, R"({"message":"why \u003c\"x\"\u003e FAILURE"})", ""},
        {Kind::error, 500, R"({"message":"why \u003c\"x\"\u003e FAILURE"})", ""},
        {Kind::unknown, 500, R"({"message":"why \u003c\"x\"\u003e FAILURE"})", ""},
        {Kind::unavailable, 503, R"({"message":"why \u003c\"x\"\u003e FAILURE"})", "1"},
    };
    for (const Case& expected : cases) {
        for (const Row& row : rows) {
            const std::string_view call = row.call;
            if (call.empty() || call == "new_gid" || call == "health") continue;
            SCOPED_TRACE(row.target);
            Client client;
            client.engine.answer = {expected.kind, "why <\"x\"> FAILURE"};
            const auto response = client.send(row.method, row.target, row.body);
            EXPECT_EQ(response.status, expected.status);
            EXPECT_EQ(response.body, expected.body);
            EXPECT_EQ(header(response, "Retry-After"), expected.retry_after);
            EXPECT_TRUE(client.metrics.answered.at(0).ends_with(" fail"));
        }
    }
    Client client;
    EXPECT_EQ(client.post("/api/dtmsvr/submit", saga_body).body, R"({"dtm_result":"SUCCESS"})");
}

TEST(Routes, TurnAnUnforeseenExceptionIntoAnAnswer) {
    Client client;
    client.handler = make_http_api(client.engine, client.metrics,
                                   []() -> std::string { throw std::runtime_error("no memory"); }, {});
    const auto response = client.get("/metrics");
    EXPECT_EQ(response.status, 500U);
    EXPECT_EQ(response.body, R"({"message":"the request could not be handled: no memory"})");
    EXPECT_EQ(client.metrics.answered.at(0), "http metrics fail");
}

TEST(Routes, SayWhetherTransactionsCanBeTaken) {
    Client client;
    EXPECT_EQ(client.get("/api/health").body, R"({"result":"success"})");
    client.engine.answer = {engine::Answer::Kind::unavailable, "disk full"};
    const auto ill = client.get("/api/health");
    EXPECT_EQ(ill.status, 503U);
    EXPECT_EQ(ill.body, R"({"result":"failure","message":"disk full"})");
}

}  // namespace
}  // namespace dtmd::api
