#include "api/jsonrpc/rpc_methods.h"

#include "api/json/json_write.h"
#include "api/json/requests.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dtmd::api {
namespace {

// A request that waits for its answer.
class Waiting {
public:
    Waiting(std::string id, RpcDone done) : id_(std::move(id)), done_(std::move(done)) {}

    void succeed(std::string_view result) { finish(id_.empty() ? std::string() : rpc_success(id_, result)); }
    void fail(int code, std::string_view message, std::string_view result) {
        finish(id_.empty() ? std::string() : rpc_error(id_, code, message, result));
    }

    // The only place where the engine's answers become codes.
    void answer(const engine::Answer& answer) {
        using Kind = engine::Answer::Kind;
        if (answer.kind == Kind::success) return succeed(no_result);
        const int code = answer.kind == Kind::failure ? rpc_code::failure : rpc_code::internal;
        fail(code, answer.message, empty_result);
    }
    void refuse(const Error& error) { fail(rpc_code::internal, error.what, empty_result); }

private:
    void finish(std::string response) { std::exchange(done_, nullptr)(std::move(response)); }

    std::string id_;
    RpcDone done_;
};

engine::Reply reply_to(Waiting waiting) {
    return [waiting = std::move(waiting)](engine::Answer answer) mutable { waiting.answer(answer); };
}

// What is missing or no object has no gid, and the complaint should say why.
bool is_object(const Json& params, Waiting& waiting) {
    if (params.kind == Json::Kind::object) return true;
    waiting.refuse({Errc::invalid, "params: expected an object, got " + described(params)});
    return false;
}

void new_gid(engine::Engine& engine, Loop& home, Json&, Waiting waiting) {
    std::string result;
    ObjectWriter writer(result);
    writer.string("gid", engine.new_gid(home));
    writer.close();
    waiting.succeed(result);
}

void prepare(engine::Engine& engine, Loop& home, Json& params, Waiting waiting) {
    if (!is_object(params, waiting)) return;
    auto read = read_transaction(params, GidRule::refuse_bad);
    if (!read) return waiting.refuse(read.error());
    engine.prepare(home, std::move(read->transaction), reply_to(std::move(waiting)));
}

void submit(engine::Engine& engine, Loop& home, Json& params, Waiting waiting) {
    if (!is_object(params, waiting)) return;
    auto read = read_transaction(params, GidRule::refuse_bad);
    if (!read) return waiting.refuse(read.error());
    if (read->transaction.mode != txn::Mode::workflow) {
        return engine.submit(home, std::move(read->transaction), reply_to(std::move(waiting)));
    }
    engine.submit_workflow(home, std::move(read->transaction.gid), std::move(read->status),
                           std::move(read->rollback_reason), std::move(read->result), reply_to(std::move(waiting)));
}

void abort(engine::Engine& engine, Loop& home, Json& params, Waiting waiting) {
    if (!is_object(params, waiting)) return;
    auto read = read_gid_request(params, GidRule::refuse_bad);
    if (!read) return waiting.refuse(read.error());
    engine.abort(home, std::move(read->gid), std::move(read->trans_type), std::move(read->rollback_reason),
                 reply_to(std::move(waiting)));
}

void register_branch(engine::Engine& engine, Loop& home, Json& params, Waiting waiting) {
    if (!is_object(params, waiting)) return;
    auto read = read_registration(params, GidRule::refuse_bad, std::nullopt);
    if (!read) return waiting.refuse(read.error());
    engine.register_branch(home, std::move(*read), reply_to(std::move(waiting)));
}

struct Method {
    std::string_view name;
    void (*run)(engine::Engine& engine, Loop& home, Json& params, Waiting waiting);
};

constexpr std::array methods{Method{"submit", submit}, Method{"prepare", prepare},
                             Method{"registerBranch", register_branch}, Method{"newGid", new_gid},
                             Method{"abort", abort}};

}  // namespace

void run_rpc(engine::Engine& engine, Loop& home, RpcRequest request, RpcDone done) {
    Waiting waiting(std::move(request.id), std::move(done));
    const auto* const method = std::ranges::find(methods, request.method, &Method::name);
    if (method == methods.end()) {
        return waiting.fail(rpc_code::method_not_found, "Method not found: " + request.method, no_result);
    }
    method->run(engine, home, request.params, std::move(waiting));
}

}  // namespace dtmd::api
