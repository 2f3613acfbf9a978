#include "bench/script.h"

#include <nlohmann/json.hpp>

namespace dtmd::bench {
namespace {

using nlohmann::json;

json head(const Script& script, const std::string& gid) {
    json body{{"gid", gid}, {"trans_type", name(script.kind)}};
    if (script.wait && script.kind != Kind::workflow) body["wait_result"] = true;
    if (script.grpc_branches) body["protocol"] = "grpc";
    return body;
}

// Which branch refuses is said in the URL, so that the participant needs to know nothing else.
json steps_of(const Script& script, bool refused) {
    json steps = json::array();
    for (unsigned i = 1; i <= script.branches; ++i) {
        const bool refuses = refused && i == script.branches;
        json step{{"action", script.participant + (refuses ? "/refuse" : "/do")}};
        if (script.kind == Kind::saga) step["compensate"] = script.participant + "/undo";
        steps.push_back(std::move(step));
    }
    return steps;
}

Request one_submit(const Script& script, const std::string& gid, bool refused) {
    json body = head(script, gid);
    body["steps"] = steps_of(script, refused);
    body["payloads"] = json(std::vector<std::string>(script.branches, script.payload));
    if (script.kind == Kind::message) body["query_prepared"] = script.participant + "/query";
    return {"submit", body.dump()};
}

json registration(const Script& script, const std::string& gid, unsigned number) {
    json body{{"gid", gid}, {"trans_type", name(script.kind)}, {"branch_id", branch_id(number)}};
    if (script.kind == Kind::tcc) {
        body["confirm"] = script.participant + "/do";
        body["cancel"] = script.participant + "/undo";
        body["data"] = script.payload;
    } else if (script.kind == Kind::xa) {
        body["url"] = script.participant + "/do";
    } else {
        body["op"] = "action";
        body["status"] = "succeed";
        body["data"] = script.payload;
    }
    return body;
}

std::vector<Request> two_phases(const Script& script, const std::string& gid) {
    std::vector<Request> requests{{"prepare", head(script, gid).dump()}};
    for (unsigned i = 1; i <= script.branches; ++i) {
        requests.push_back({"registerBranch", registration(script, gid, i).dump()});
    }
    requests.push_back({"submit", head(script, gid).dump()});
    return requests;
}

std::vector<Request> workflow(const Script& script, const std::string& gid) {
    json body = head(script, gid);
    body["query_prepared"] = script.participant + "/query";
    body["custom_data"] = R"({"name":"bench","data":"e30="})";
    std::vector<Request> requests{{"prepareWorkflow", body.dump()}};
    for (unsigned i = 1; i <= script.branches; ++i) {
        requests.push_back({"registerBranch", registration(script, gid, i).dump()});
    }
    json end = head(script, gid);
    end["req_extra"] = {{"status", "succeed"}, {"rollback_reason", ""}, {"result", ""}};
    requests.push_back({"submit", end.dump()});
    return requests;
}

}  // namespace

std::string branch_id(unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); }

std::string Script::steps(bool refused) const { return steps_of(*this, refused).dump(); }

std::vector<Request> Script::requests(const std::string& gid, bool refused) const {
    switch (kind) {
        case Kind::saga:
        case Kind::message: return {one_submit(*this, gid, refused)};
        case Kind::tcc:
        case Kind::xa: return two_phases(*this, gid);
        case Kind::workflow: return workflow(*this, gid);
    }
    return {};
}

std::string make_payload(std::size_t size) {
    std::string text = R"({"amount":30,"note":")";
    constexpr std::size_t ending = 2;
    if (text.size() + ending < size) text.append(size - text.size() - ending, 'x');
    return text + "\"}";
}

}  // namespace dtmd::bench
