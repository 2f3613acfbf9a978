#include "bench/grpc_script.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace dtmd::bench {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using Rpc = GrpcRequest::Rpc;

Script script_of(Kind kind) {
    Script script;
    script.kind = kind;
    script.payload = "p";
    script.participant = "h:1/busi.Busi";
    script.grpc_branches = true;
    return script;
}

std::vector<Rpc> rpcs(Kind kind) {
    std::vector<Rpc> rpcs;
    for (const GrpcRequest& request : grpc_requests(script_of(kind), "g", false)) rpcs.push_back(request.rpc);
    return rpcs;
}

TEST(GrpcScript, SaysWhatTheClientsOfEachModeSay) {
    const auto two_phases = ElementsAre(Rpc::prepare, Rpc::register_branch, Rpc::register_branch, Rpc::submit);
    EXPECT_THAT(rpcs(Kind::saga), ElementsAre(Rpc::submit));
    EXPECT_THAT(rpcs(Kind::message), ElementsAre(Rpc::submit));
    EXPECT_THAT(rpcs(Kind::tcc), two_phases);
    EXPECT_THAT(rpcs(Kind::xa), two_phases);
    EXPECT_THAT(rpcs(Kind::workflow),
                ElementsAre(Rpc::prepare_workflow, Rpc::register_branch, Rpc::register_branch, Rpc::submit));
}

TEST(GrpcScript, ASagaHasItsStepsAndPayloads) {
    const auto submit = grpc_requests(script_of(Kind::saga), "g", true).front().request;
    EXPECT_EQ(submit.gid(), "g");
    EXPECT_EQ(submit.transtype(), "saga");
    EXPECT_TRUE(submit.transoptions().waitresult());
    EXPECT_THAT(submit.binpayloads(), ElementsAre("p", "p"));
    EXPECT_EQ(json::parse(submit.steps()),
              json::parse(R"([{"action":"h:1/busi.Busi/do","compensate":"h:1/busi.Busi/undo"},
                              {"action":"h:1/busi.Busi/refuse","compensate":"h:1/busi.Busi/undo"}])"));
}

TEST(GrpcScript, EachRegistrationSaysWhatItsModeNeeds) {
    const auto second = [](Kind kind) { return grpc_requests(script_of(kind), "g", false)[2].branch; };
    EXPECT_EQ(second(Kind::tcc).branchid(), "02");
    EXPECT_EQ(second(Kind::tcc).busipayload(), "p");
    EXPECT_EQ(second(Kind::tcc).data().at("confirm"), "h:1/busi.Busi/do");
    EXPECT_EQ(second(Kind::tcc).data().at("cancel"), "h:1/busi.Busi/undo");
    EXPECT_EQ(second(Kind::xa).data().at("url"), "h:1/busi.Busi/do");
    EXPECT_EQ(second(Kind::workflow).data().at("status"), "succeed");
    EXPECT_EQ(second(Kind::workflow).data().at("op"), "action");
}

TEST(GrpcScript, AWorkflowSaysHowItEnded) {
    const auto requests = grpc_requests(script_of(Kind::workflow), "g", false);
    EXPECT_EQ(requests.front().request.queryprepared(), "h:1/busi.Busi/query");
    EXPECT_EQ(requests.back().request.reqextra().at("status"), "succeed");
}

}  // namespace
}  // namespace dtmd::bench
