#include "participant/http/interpret.h"

#include "participant/http/http_participant.h"

#include <gtest/gtest.h>

namespace dtmd::participant {
namespace {

using txn::Answer;

const std::string prefix =
    "your http/grpc result should be specified as in:\nhttp://d.dtm.pub/practice/arch.html#proto\n"
    "unkown result will be retried: ";

struct Row {
    const char* rule;
    int status;
    std::string body;
    Answer answer;
    std::string text;
    bool reached = true;
};

const Row rows[] = {
    {"200 is success", 200, R"({"dtm_result":"SUCCESS"})", Answer::success, ""},
    {"with any body", 200, "whatever", Answer::success, ""},
    {"and with none", 200, "", Answer::success, ""},
    {"425 is ongoing", 425, "", Answer::ongoing, "ONGOING"},
    {"the word alone is ongoing", 200, R"({"dtm_result":"ONGOING"})", Answer::ongoing,
     R"({"dtm_result":"ONGOING"} ONGOING)"},
    {"whatever the status", 500, "still ONGOING", Answer::ongoing, "still ONGOING"},
    {"ongoing before failure", 409, "FAILURE or ONGOING?", Answer::ongoing, "FAILURE or ONGOING? ONGOING"},
    {"even by status alone", 425, "FAILURE", Answer::ongoing, "FAILURE ONGOING"},
    {"409 is failure", 409, "no money", Answer::failure, "no money FAILURE"},
    {"with an empty body, too", 409, "", Answer::failure, "FAILURE"},
    {"the word alone is failure", 200, R"({"dtm_result":"FAILURE"})", Answer::failure,
     R"({"dtm_result":"FAILURE"} FAILURE)"},
    {"it is not said twice", 500, "no money FAILURE", Answer::failure, "no money FAILURE"},
    {"201 is unknown", 201, "made", Answer::unknown, prefix + "made"},
    {"204 is unknown", 204, "", Answer::unknown, prefix + "HTTP status 204 with an empty body"},
    {"a redirect is unknown", 302, "", Answer::unknown, prefix + "HTTP status 302 with an empty body"},
    {"404 is unknown", 404, "not found", Answer::unknown, prefix + "not found"},
    {"500 is unknown", 500, "oops", Answer::unknown, prefix + "oops"},
    {"502 comes from a proxy", 502, "bad gateway", Answer::unknown, prefix + "bad gateway", false},
    {"503 comes from an overloaded host", 503, "later", Answer::unknown, prefix + "later", false},
    {"504 comes from a proxy", 504, "", Answer::unknown, prefix + "HTTP status 504 with an empty body", false},
    {"lower case means nothing", 200, "failure", Answer::success, ""},
    {"what is no UTF-8 is replaced", 409, "a\xFFz", Answer::failure, "a?z FAILURE"},
};

TEST(Interpret, FollowsTheTable) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.rule);
        const Reply reply = interpret_http(row.status, row.body);
        EXPECT_EQ(reply.answer, row.answer);
        EXPECT_EQ(reply.text, row.text);
        EXPECT_EQ(reply.reached, row.reached);
        EXPECT_EQ(reply.code, row.status);
    }
}

TEST(Interpret, KeepsTextsBoundedAndTheWordInThem) {
    std::string body;
    while (body.size() < 5000) body += "\xE2\x82\xAC";
    for (const int status : {409, 425, 500}) {
        const Reply reply = interpret_http(status, body + " FAILURE?");
        EXPECT_LE(reply.text.size(), txn::max_error_text);
        EXPECT_GT(reply.text.size(), txn::max_error_text - 40);
        EXPECT_TRUE(reply.text.ends_with(status == 425 ? "\xAC ONGOING" : "\xAC FAILURE")) << reply.text;
    }
    const Reply unknown = interpret_http(500, body);
    EXPECT_LE(unknown.text.size(), txn::max_error_text);
    EXPECT_TRUE(unknown.text.ends_with("\xE2\x82\xAC"));
}

const Row rpc_rows[] = {
    {"no error is success", 200, R"({"jsonrpc":"2.0","result":{},"id":"1"})", Answer::success, ""},
    {"neither is null one", 200, R"({"error":null})", Answer::success, ""},
    {"-32901 is failure", 200, R"({"error":{"code":-32901,"message":"no"}})", Answer::failure,
     R"({"code":-32901,"message":"no"} FAILURE)"},
    {"also as a float", 200, R"({"error":{"code":-32901.0}})", Answer::failure, R"({"code":-32901.0} FAILURE)"},
    {"-32902 is ongoing", 200, R"({"error":{"code":-32902}})", Answer::ongoing, R"({"code":-32902} ONGOING)"},
    {"other codes are unknown", 200, R"({"error":{"code":-32603}})", Answer::unknown, prefix + R"({"code":-32603})"},
    {"a code must be a number", 200, R"({"error":{"code":"-32901"}})", Answer::unknown,
     prefix + R"({"code":"-32901"})"},
    {"an error need not be an object", 200, R"({"error":"bad"})", Answer::unknown, prefix + R"("bad")"},
    {"the HTTP rules come first", 409, R"({"error":{"code":-32902}})", Answer::failure,
     R"({"error":{"code":-32902}} FAILURE)"},
    {"words too", 200, R"({"error":{"code":1,"message":"ONGOING"}})", Answer::ongoing,
     R"({"error":{"code":1,"message":"ONGOING"}} ONGOING)"},
    {"what is no JSON is unknown", 200, "<html>", Answer::unknown,
     prefix + "the answer is not a JSON-RPC response: <html>"},
    {"nor is an array", 200, "[]", Answer::unknown, prefix + "the answer is not a JSON-RPC response: []"},
};

TEST(Interpret, FollowsTheTableForJsonRpc) {
    for (const Row& row : rpc_rows) {
        SCOPED_TRACE(row.rule);
        const Reply reply = interpret_json_rpc(row.status, row.body);
        EXPECT_EQ(reply.answer, row.answer);
        EXPECT_EQ(reply.text, row.text);
    }
}

TEST(Interpret, SurvivesAnAnswerThatIsABottomlessPit) {
    const Reply reply = interpret_json_rpc(200, R"({"error":)" + std::string(1'000'000, '['));
    EXPECT_EQ(reply.answer, Answer::unknown);
    EXPECT_NE(reply.text.find("nested too deeply"), std::string::npos);
}

}  // namespace
}  // namespace dtmd::participant
