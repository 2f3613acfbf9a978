#include "bench/script.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace dtmd::bench {
namespace {

using nlohmann::json;
using testing::ElementsAre;

Script script_of(Kind kind) {
    Script script;
    script.kind = kind;
    script.payload = make_payload(40);
    script.participant = "http://p";
    return script;
}

std::vector<std::string> paths(Kind kind) {
    std::vector<std::string> paths;
    for (const Request& request : script_of(kind).requests("g", false)) paths.push_back(request.path);
    return paths;
}

TEST(Script, SaysWhatTheClientsOfEachModeSay) {
    EXPECT_THAT(paths(Kind::saga), ElementsAre("submit"));
    EXPECT_THAT(paths(Kind::message), ElementsAre("submit"));
    EXPECT_THAT(paths(Kind::tcc), ElementsAre("prepare", "registerBranch", "registerBranch", "submit"));
    EXPECT_THAT(paths(Kind::xa), ElementsAre("prepare", "registerBranch", "registerBranch", "submit"));
    EXPECT_THAT(paths(Kind::workflow), ElementsAre("prepareWorkflow", "registerBranch", "registerBranch", "submit"));
}

TEST(Script, ASagaHasAWayBackForEachStep) {
    const json body = json::parse(script_of(Kind::saga).requests("g", false).front().body);
    EXPECT_EQ(body["gid"], "g");
    EXPECT_EQ(body["wait_result"], true);
    EXPECT_EQ(body["steps"], json::parse(R"([{"action":"http://p/do","compensate":"http://p/undo"},
                                             {"action":"http://p/do","compensate":"http://p/undo"}])"));
    EXPECT_EQ(body["payloads"].size(), 2U);
}

TEST(Script, TheLastBranchRefuses) {
    const json body = json::parse(script_of(Kind::saga).requests("g", true).front().body);
    EXPECT_EQ(body["steps"][0]["action"], "http://p/do");
    EXPECT_EQ(body["steps"][1]["action"], "http://p/refuse");
}

TEST(Script, DoesNotWaitWhenItWatches) {
    Script script = script_of(Kind::tcc);
    script.wait = false;
    for (const Request& request : script.requests("g", false)) {
        EXPECT_FALSE(json::parse(request.body).contains("wait_result"));
    }
}

TEST(Script, BranchIdsAreAsClientsNumberThem) {
    Script script = script_of(Kind::tcc);
    script.branches = 11;
    const auto requests = script.requests("g", false);
    EXPECT_EQ(json::parse(requests[1].body)["branch_id"], "01");
    EXPECT_EQ(json::parse(requests[11].body)["branch_id"], "11");
}

TEST(Payload, IsJsonOfTheGivenSize) {
    for (const std::size_t size : {40UL, 1'000UL}) {
        EXPECT_EQ(make_payload(size).size(), size);
        EXPECT_TRUE(json::accept(make_payload(size)));
    }
    EXPECT_TRUE(json::accept(make_payload(0)));
}

}  // namespace
}  // namespace dtmd::bench
