#include "unit/api/fakes.h"

#include <gtest/gtest.h>

namespace dtmd::api {
namespace {

TEST(Transactions, TakeEverythingAClientSays) {
    Client client;
    const std::string body = R"({
        "gid": "g1", "trans_type": "msg", "protocol": "grpc", "query_prepared": "a:1/S/Q",
        "custom_data": "{\"delay\":3}",
        "steps": [{"compensate": "c", "action": "a", "data": "legacy", "nothing": null}, null],
        "payloads": ["\u0000\"", null],
        "wait_result": true, "timeout_to_fail": 1, "request_timeout": 2, "retry_interval": 3, "retry_limit": 4,
        "branch_headers": {"b": "2", "a": "1", "none": null}, "concurrent": true, "rollback_reason": "why",
        "passthrough_headers": ["x"], "unknown": {"deep": [1, 2.5, null, {}]}, "create_time": null, "retry_count": 9
    })";
    ASSERT_EQ(client.post("/api/dtmsvr/submit", body).status, 200U);
    txn::Transaction expected;
    expected.gid = "g1";
    expected.mode = txn::Mode::message;
    expected.protocol = "grpc";
    expected.query_prepared = "a:1/S/Q";
    expected.custom_data = R"({"delay":3})";
    expected.steps = {{{{"action", "a"}, {"compensate", "c"}, {"data", "legacy"}}}, {}};
    expected.payloads = {std::string("\0\"", 2), ""};
    expected.options = {true, 1, 2, 3, {{"a", "1"}, {"b", "2"}}, true, 4};
    expected.rollback_reason = "why";
    EXPECT_EQ(*client.engine.transaction, expected);
}

// What the published Python client sends: everything that was not set is null, zero or empty.
TEST(Transactions, TakeNullAsNotGiven) {
    Client client;
    const std::string body =
        R"({"gid":"g1","trans_type":"tcc","custom_data":null,"protocol":null,"timeout_to_fail":0,"branch_headers":{},)"
        R"("wait_result":null,"retry_interval":null,"steps":null,"payloads":null,"query_prepared":null,)"
        R"("concurrent":null,"req_extra":null,"rollback_reason":null})";
    ASSERT_EQ(client.post("/api/dtmsvr/prepare", body).status, 200U);
    txn::Transaction expected;
    expected.gid = "g1";
    expected.mode = txn::Mode::tcc;
    EXPECT_EQ(*client.engine.transaction, expected);
}

TEST(Transactions, MatchNamesInAnyCase) {
    struct Case {
        const char* body;
        const char* gid;
    };
    const Case cases[] = {
        {R"({"GID":"g","Trans_Type":"saga"})", "g"},
        {R"({"gid":"exact","GID":"folded","trans_type":"saga"})", "exact"},
        {R"({"GID":"folded","gid":"exact","trans_type":"saga"})", "exact"},
        {R"({"gid":null,"Gid":"folded","trans_type":"saga"})", "folded"},
        {R"({"gid":"first","gid":"last","trans_type":"saga"})", "last"},
        {R"({"gid":"a;b\r\nc","trans_type":"saga"})", "abc"},
    };
    for (const Case& row : cases) {
        SCOPED_TRACE(row.body);
        Client client;
        ASSERT_EQ(client.post("/api/dtmsvr/submit", row.body).status, 200U);
        EXPECT_EQ(client.engine.transaction->gid, row.gid);
    }
}

struct Refused {
    const char* route;
    std::string body;
    const char* message;
};

const Refused refusals[] = {
    {"submit", "", "body: expected a JSON object, got nothing"},
    {"submit", "[]", "body: expected a JSON object, got an array"},
    {"submit", "null", "body: expected a JSON object, got null"},
    {"submit", R"({"trans_type":"saga"})", "gid: must not be empty"},
    {"submit", R"({"gid":";\n","trans_type":"saga"})", "gid: must not be empty"},
    {"submit", R"({"gid":"a b","trans_type":"saga"})", "gid: must not contain spaces or control characters"},
    {"submit", R"({"gid":")" + std::string(129, 'g') + R"(","trans_type":"saga"})",
     "gid: must not be longer than 128 bytes"},
    {"submit", R"({"gid":5,"trans_type":"saga"})", "gid: expected a string, got 5"},
    {"submit", R"({"gid":"g"})", "unknown trans_type '': expected saga, tcc, xa, msg or workflow"},
    {"prepare", R"({"gid":"g","trans_type":"x"})", "unknown trans_type 'x': expected saga, tcc, xa, msg or workflow"},
    {"submit", R"({"gid":"g","trans_type":"saga","retry_interval":"5"})",
     R"(retry_interval: expected an integer, got "5")"},
    {"submit", R"({"gid":"g","trans_type":"saga","timeout_to_fail":1.5})",
     "timeout_to_fail: expected an integer, got 1.5"},
    {"submit", R"({"gid":"g","trans_type":"saga","timeout_to_fail":9223372036854775808})",
     "timeout_to_fail: expected an integer, got 9223372036854775808"},
    {"submit", R"({"gid":"g","trans_type":"saga","timeout_to_fail":123456789012345678901234567890})",
     "timeout_to_fail: expected an integer, got 123456789012345678901234567890"},
    {"submit", R"({"gid":"g","trans_type":"saga","wait_result":1})", "wait_result: expected true or false, got 1"},
    {"submit", R"({"gid":"g","trans_type":"saga","steps":{}})", "steps: expected an array of objects, got an object"},
    {"submit", R"({"gid":"g","trans_type":"saga","steps":["a"]})",
     R"(steps[0]: expected an object of strings, got "a")"},
    {"submit", R"({"gid":"g","trans_type":"saga","steps":[{},{"action":true}]})",
     "steps[1].action: expected a string, got true"},
    {"submit", R"({"gid":"g","trans_type":"saga","payloads":[{"a":1}]})",
     "payloads[0]: expected a string, got an object"},
    {"submit", R"({"gid":"g","trans_type":"saga","payloads":"x"})",
     R"(payloads: expected an array of strings, got "x")"},
    {"submit", R"({"gid":"g","trans_type":"saga","branch_headers":{"h":1}})",
     "branch_headers.h: expected a string, got 1"},
    {"submit", R"({"gid":"g","trans_type":"saga","custom_data":{}})", "custom_data: expected a string, got an object"},
    {"submit", R"({"gid":"g","trans_type":"workflow"})", "req_extra.status: expected succeed or failed, got ''"},
    {"submit", R"({"gid":"g","trans_type":"workflow","req_extra":{"status":"submitted"}})",
     "req_extra.status: expected succeed or failed, got 'submitted'"},
    {"submit", R"({"gid":"g","trans_type":"workflow","req_extra":{"status":1}})",
     "req_extra.status: expected a string, got 1"},
    {"submit", R"({"gid":"g","trans_type":"workflow","req_extra":[]})", "req_extra: expected an object of strings"},
    {"prepareWorkflow", R"({"gid":"g","trans_type":"saga"})", "trans_type: expected workflow, got 'saga'"},
    {"abort", R"({"trans_type":"tcc"})", "gid: must not be empty"},
    {"abort", R"({"gid":"g","trans_type":{}})", "trans_type: expected a string, got an object"},
    {"forceStop", "{}", "gid: must not be empty"},
    {"resetNextCronTime", R"({"gid":["g"]})", "gid: expected a string, got an array"},
    {"registerBranch", R"({"gid":"g"})", "unknown trans_type '': expected saga, tcc, xa, msg or workflow"},
    {"registerBranch", R"({"gid":"g","trans_type":"tcc","try":5})", "try: expected a string, got 5"},
    {"registerTccBranch", R"({"trans_type":"tcc"})", "gid: must not be empty"},
};

TEST(Transactions, RefuseWhatIsWrongAndSayWhy) {
    for (const Refused& row : refusals) {
        SCOPED_TRACE(row.route + (": " + row.body));
        Client client;
        const auto response = client.post("/api/dtmsvr/" + std::string(row.route), row.body);
        EXPECT_EQ(response.status, 400U);
        std::string message = row.message;
        for (std::size_t at = 0; (at = message.find('"', at)) != message.npos; at += 2) message.insert(at, "\\");
        EXPECT_EQ(response.body, R"({"message":")" + message + R"("})");
        EXPECT_TRUE(client.engine.calls.empty());
    }
}

TEST(Transactions, SayWhereABodyStopsBeingJson) {
    Client client;
    const auto response = client.post("/api/dtmsvr/submit", "{\"gid\":\n hello}");
    EXPECT_EQ(response.status, 400U);
    EXPECT_TRUE(response.body.starts_with(R"({"message":"body is not JSON: parse error at line 2, column 2: )"))
        << response.body;
}

TEST(Transactions, KeepNegativeNumbersForTheEngineToJudge) {
    Client client;
    client.post("/api/dtmsvr/submit", R"({"gid":"g","trans_type":"saga","retry_limit":-9223372036854775808})");
    EXPECT_EQ(client.engine.transaction->options.retry_limit, INT64_MIN);
}

TEST(Transactions, RegisterBranchesOfEachMode) {
    Client client;
    client.post("/api/dtmsvr/registerBranch",
                R"({"gid":"g","trans_type":"tcc","branch_id":"01","data":"{}","confirm":"c","cancel":"","x":null})");
    EXPECT_EQ(client.engine.registration->mode, txn::Mode::tcc);
    EXPECT_EQ(client.engine.registration->branch_id, "01");
    EXPECT_EQ(client.engine.registration->data, "{}");
    EXPECT_EQ(client.engine.registration->confirm, "c");
    EXPECT_EQ(client.engine.registration->cancel, "");

    client.post("/api/dtmsvr/registerBranch",
                R"({"gid":"g","trans_type":"workflow","branch_id":"02","op":"action","status":"succeed","sync":"1"})");
    EXPECT_EQ(client.engine.registration->mode, txn::Mode::workflow);
    EXPECT_EQ(client.engine.registration->op, "action");
    EXPECT_EQ(client.engine.registration->status, "succeed");

    // Old clients: by route, with members nobody reads.
    client.post("/api/dtmsvr/registerXaBranch", R"({"gid":"g","branch_id":"01","url":"u","status":"prepared"})");
    EXPECT_EQ(client.engine.registration->mode, txn::Mode::xa);
    EXPECT_EQ(client.engine.registration->url, "u");
    client.post("/api/dtmsvr/registerTccBranch", R"({"gid":"g","branch_id":"01","try":"t","branch_type":"try"})");
    EXPECT_EQ(client.engine.registration->mode, txn::Mode::tcc);
    client.post("/api/dtmsvr/registerTccBranch", R"({"gid":"g","trans_type":"xa"})");
    EXPECT_EQ(client.engine.registration->mode, txn::Mode::xa);
}

TEST(Transactions, PassWorkflowEndsAndAbortsOn) {
    Client client;
    client.post("/api/dtmsvr/submit",
                R"({"gid":"g","trans_type":"workflow",)"
                R"("req_extra":{"status":"failed","rollback_reason":"no money","result":"cg=="}})");
    client.post("/api/dtmsvr/abort", R"({"gid":"g","trans_type":"tcc","rollback_reason":"try said no"})");
    const std::vector<std::string> expected{"submit_workflow g failed no money cg==", "abort g tcc try said no"};
    EXPECT_EQ(client.engine.calls, expected);
}

TEST(Transactions, ShowAWorkflowsProgress) {
    Client client;
    client.engine.found.emplace();
    client.engine.found->gid = "g";
    client.engine.found->mode = txn::Mode::workflow;
    const auto fresh = client.post("/api/dtmsvr/prepareWorkflow", R"({"gid":"g","trans_type":"workflow"})");
    EXPECT_EQ(fresh.status, 200U);
    EXPECT_TRUE(fresh.body.starts_with(R"({"progresses":[],"transaction":{"id":0,)")) << fresh.body;

    txn::Branch& step = client.engine.found->branches.emplace_back();
    step.branch_id = "01";
    step.op = "action";
    step.body = "\x01\xFF";
    step.status = txn::BranchStatus::succeed;
    const auto known = client.post("/api/dtmsvr/prepareWorkflow", R"({"gid":"g","trans_type":"workflow"})");
    EXPECT_TRUE(known.body.starts_with(R"({"progresses":[{"id":0,"create_time":null,"update_time":null,"gid":"g",)"
                                       R"("bin_data":"Af8=","branch_id":"01","op":"action","status":"succeed"}],)"))
        << known.body;
}

}  // namespace
}  // namespace dtmd::api
