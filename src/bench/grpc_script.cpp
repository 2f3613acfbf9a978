#include "bench/grpc_script.h"

namespace dtmd::bench {
namespace {

using Rpc = GrpcRequest::Rpc;

GrpcRequest head(Rpc rpc, const Script& script, const std::string& gid) {
    GrpcRequest head;
    head.rpc = rpc;
    head.request.set_gid(gid);
    head.request.set_transtype(std::string(name(script.kind)));
    if (script.wait && script.kind != Kind::workflow) head.request.mutable_transoptions()->set_waitresult(true);
    return head;
}

GrpcRequest one_submit(const Script& script, const std::string& gid, bool refused) {
    GrpcRequest submit = head(Rpc::submit, script, gid);
    submit.request.set_steps(script.steps(refused));
    for (unsigned i = 0; i < script.branches; ++i) submit.request.add_binpayloads(script.payload);
    if (script.kind == Kind::message) submit.request.set_queryprepared(script.participant + "/query");
    return submit;
}

GrpcRequest registration(const Script& script, const std::string& gid, unsigned number) {
    GrpcRequest registration;
    registration.rpc = Rpc::register_branch;
    auto& branch = registration.branch;
    branch.set_gid(gid);
    branch.set_transtype(std::string(name(script.kind)));
    branch.set_branchid(branch_id(number));
    auto& data = *branch.mutable_data();
    if (script.kind == Kind::tcc) {
        data["confirm"] = script.participant + "/do";
        data["cancel"] = script.participant + "/undo";
    } else if (script.kind == Kind::xa) {
        data["url"] = script.participant + "/do";
    } else {
        data["op"] = "action";
        data["status"] = "succeed";
    }
    if (script.kind != Kind::xa) branch.set_busipayload(script.payload);
    return registration;
}

std::vector<GrpcRequest> two_phases(const Script& script, const std::string& gid) {
    const bool is_workflow = script.kind == Kind::workflow;
    std::vector<GrpcRequest> requests{head(is_workflow ? Rpc::prepare_workflow : Rpc::prepare, script, gid)};
    if (is_workflow) {
        requests.front().request.set_queryprepared(script.participant + "/query");
        requests.front().request.set_customeddata(R"({"name":"bench","data":"e30="})");
    }
    for (unsigned i = 1; i <= script.branches; ++i) requests.push_back(registration(script, gid, i));
    requests.push_back(head(Rpc::submit, script, gid));
    if (is_workflow) (*requests.back().request.mutable_reqextra())["status"] = "succeed";
    return requests;
}

}  // namespace

std::vector<GrpcRequest> grpc_requests(const Script& script, const std::string& gid, bool refused) {
    switch (script.kind) {
        case Kind::saga:
        case Kind::message: return {one_submit(script, gid, refused)};
        case Kind::tcc:
        case Kind::xa:
        case Kind::workflow: return two_phases(script, gid);
    }
    return {};
}

}  // namespace dtmd::bench
