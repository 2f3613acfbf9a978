#include "unit/api_grpc/running_grpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Every rpc, as what the engine is asked and what the client gets.
namespace dtmd::api {
namespace {

using testing::ElementsAre;
using Empty = google::protobuf::Empty;

class Rpc : public testing::Test {
protected:
    dtmgimp::DtmRequest request(const std::string& type) const {
        dtmgimp::DtmRequest request;
        request.set_gid("g1");
        request.set_transtype(type);
        return request;
    }

    /// What the engine has seen may be looked at afterwards.
    bool ok(const grpc::Status& status) {
        running.loops.settle();
        return status.ok();
    }

    QuietEngine engine;
    Running running{engine};
    std::unique_ptr<dtmgimp::Dtm::Stub> stub = running.stub();
    Context context;
    Empty empty;
};

TEST_F(Rpc, NewGid) {
    dtmgimp::DtmGidReply reply;
    ASSERT_TRUE(ok(stub->NewGid(&context, empty, &reply)));
    EXPECT_EQ(reply.gid(), "m92Zgjf4JLvWtEskkp5uNW");
    EXPECT_THAT(running.metrics.answered(), ElementsAre("grpc newgid ok"));
}

TEST_F(Rpc, SubmitPassesOnEverythingThatCanBeSaid) {
    auto saga = request("saga");
    saga.set_steps(R"([{"action":"h:1/b.B/In","compensate":"h:1/b.B/Out"},{"action":"http://h/x"}])");
    saga.add_binpayloads(std::string("\0\xff", 2));
    saga.add_binpayloads("two");
    saga.set_customeddata(R"({"concurrent":true})");
    saga.set_queryprepared("h:1/b.B/Query");
    saga.set_rollbackreason("why");
    auto& options = *saga.mutable_transoptions();
    options.set_waitresult(true);
    options.set_timeouttofail(1);
    options.set_requesttimeout(2);
    options.set_retryinterval(3);
    options.set_retrylimit(4);
    (*options.mutable_branchheaders())["z"] = "1";
    (*options.mutable_branchheaders())["a"] = "2";
    ASSERT_TRUE(ok(stub->Submit(&context, saga, &empty)));

    EXPECT_THAT(engine.calls, testing::Contains("submit g1"));
    const txn::Transaction& got = *engine.transaction;
    EXPECT_EQ(got.mode, txn::Mode::saga);
    EXPECT_EQ(got.protocol, "grpc");
    ASSERT_EQ(got.steps.size(), 2u);
    EXPECT_EQ(got.steps[0].get("compensate"), "h:1/b.B/Out");
    EXPECT_THAT(got.payloads, ElementsAre(std::string("\0\xff", 2), "two"));
    EXPECT_EQ(got.custom_data, R"({"concurrent":true})");
    EXPECT_EQ(got.query_prepared, "h:1/b.B/Query");
    EXPECT_EQ(got.rollback_reason, "why");
    txn::Options expected;
    expected.wait_result = true;
    expected.timeout_to_fail = 1;
    expected.request_timeout = 2;
    expected.retry_interval = 3;
    expected.retry_limit = 4;
    expected.branch_headers = {{"a", "2"}, {"z", "1"}};
    EXPECT_EQ(got.options, expected);
    EXPECT_THAT(running.metrics.answered(), ElementsAre("grpc submit ok"));
}

TEST_F(Rpc, NoOptionsAndNoStepsAreDefaults) {
    auto tcc = request("tcc");
    tcc.set_steps("null");
    ASSERT_TRUE(ok(stub->Prepare(&context, tcc, &empty)));
    EXPECT_THAT(engine.calls, testing::Contains("prepare g1"));
    EXPECT_EQ(engine.transaction->options, txn::Options());
    EXPECT_TRUE(engine.transaction->steps.empty());
}

TEST_F(Rpc, SubmitOfAWorkflowSaysHowItEnded) {
    auto workflow = request("workflow");
    auto& extra = *workflow.mutable_reqextra();
    extra["status"] = "failed";
    extra["rollback_reason"] = "why";
    extra["result"] = "cmVz";
    ASSERT_TRUE(ok(stub->Submit(&context, workflow, &empty)));
    EXPECT_THAT(engine.calls, testing::Contains("submit_workflow g1 failed why cmVz"));
}

TEST_F(Rpc, Abort) {
    auto tcc = request("tcc");
    tcc.set_rollbackreason("why");
    ASSERT_TRUE(ok(stub->Abort(&context, tcc, &empty)));
    EXPECT_THAT(engine.calls, testing::Contains("abort g1 tcc why"));
}

TEST_F(Rpc, AbortOfAMessageNeedsNoType) {
    ASSERT_TRUE(ok(stub->Abort(&context, request(""), &empty)));
    EXPECT_THAT(engine.calls, testing::Contains("abort g1  "));
}

TEST_F(Rpc, RegisterBranchReadsTheKeysOfEachType) {
    dtmgimp::DtmBranchRequest branch;
    branch.set_gid("g1");
    branch.set_branchid("02");
    branch.set_op("ignored");
    branch.set_busipayload(std::string("\0p", 2));
    auto& data = *branch.mutable_data();
    data["confirm"] = "h:1/b.B/Confirm";
    data["cancel"] = "h:1/b.B/Cancel";
    data["url"] = "h:1/b.B/Xa";
    data["op"] = "commit";
    data["status"] = "succeed";
    data["sync"] = "1";
    for (const char* type : {"tcc", "xa", "workflow"}) {
        branch.set_transtype(type);
        Context each;
        ASSERT_TRUE(ok(stub->RegisterBranch(&each, branch, &empty)));
        const txn::Registration& got = *engine.registration;
        EXPECT_EQ(txn::name(got.mode), type);
        EXPECT_EQ(got.gid, "g1");
        EXPECT_EQ(got.branch_id, "02");
        EXPECT_EQ(got.data, std::string("\0p", 2));
        EXPECT_EQ(got.confirm, "h:1/b.B/Confirm");
        EXPECT_EQ(got.cancel, "h:1/b.B/Cancel");
        EXPECT_EQ(got.url, "h:1/b.B/Xa");
        EXPECT_EQ(got.op, "commit");
        EXPECT_EQ(got.status, "succeed");
        running.loops.settle();
    }
}

TEST_F(Rpc, PrepareWorkflowAnswersTheStoredProgress) {
    txn::Transaction stored;
    stored.gid = "g1";
    stored.mode = txn::Mode::workflow;
    stored.status = txn::Status::failed;
    stored.rollback_reason = "why";
    stored.result = "cmVz";
    txn::Branch branch;
    branch.branch_id = "01";
    branch.op = "action";
    branch.body = std::string("\0\xff", 2);
    branch.status = txn::BranchStatus::succeed;
    stored.branches.push_back(branch);
    running.loops.run([&] { engine.found = stored; });
    running.loops.settle();

    auto workflow = request("workflow");
    workflow.set_queryprepared("h:1/workflow.Workflow/Execute");
    workflow.set_customeddata(R"({"name":"wf","data":"ZGF0YQ=="})");
    dtmgimp::DtmProgressesReply reply;
    ASSERT_TRUE(ok(stub->PrepareWorkflow(&context, workflow, &reply)));
    EXPECT_EQ(engine.transaction->query_prepared, "h:1/workflow.Workflow/Execute");
    EXPECT_EQ(reply.transaction().gid(), "g1");
    EXPECT_EQ(reply.transaction().status(), "failed");
    EXPECT_EQ(reply.transaction().rollbackreason(), "why");
    EXPECT_EQ(reply.transaction().result(), "cmVz");
    ASSERT_EQ(reply.progresses_size(), 1);
    EXPECT_EQ(reply.progresses(0).status(), "succeed");
    EXPECT_EQ(reply.progresses(0).branchid(), "01");
    EXPECT_EQ(reply.progresses(0).op(), "action");
    EXPECT_EQ(reply.progresses(0).bindata(), std::string("\0\xff", 2));
}

TEST_F(Rpc, Topics) {
    dtmgimp::DtmTopicRequest topic;
    topic.set_topic("t1");
    topic.set_url("http://h/x");
    topic.set_remark("r");
    Context second, third;
    ASSERT_TRUE(ok(stub->Subscribe(&context, topic, &empty)));
    EXPECT_THAT(engine.calls, testing::Contains("subscribe t1 http://h/x r"));
    running.loops.settle();
    ASSERT_TRUE(ok(stub->Unsubscribe(&second, topic, &empty)));
    EXPECT_THAT(engine.calls, testing::Contains("unsubscribe t1 http://h/x"));
    running.loops.settle();
    ASSERT_TRUE(ok(stub->DeleteTopic(&third, topic, &empty)));
    EXPECT_THAT(engine.calls, testing::Contains("delete_topic t1"));
}

}  // namespace
}  // namespace dtmd::api
