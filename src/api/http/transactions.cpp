#include "api/http/handlers.h"
#include "api/json/json_write.h"
#include "api/json/objects.h"
#include "api/json/requests.h"
#include "api/jsonrpc/json_rpc.h"

// What clients call to run their transactions (protocol.md 1.2 to 1.6, 1.8, 1.9).
namespace dtmd::api {
namespace {

std::string progress_json(const engine::Found& found) {
    std::string body;
    ObjectWriter writer(body);
    append_branches(writer.value("progresses"), *found);
    append_transaction(writer.value("transaction"), *found);
    writer.close();
    return body;
}

void submit_workflow(const Api& api, const Request& request, TransactionRequest workflow, Exchange& exchange) {
    txn::Status status{};
    if (!txn::parse(workflow.status, status) || !txn::is_final(status)) {
        return exchange.send_message(
            400, "req_extra.status: expected succeed or failed, got '" + workflow.status.substr(0, 45) + "'");
    }
    api.engine.submit_workflow(request.home, std::move(workflow.transaction.gid), std::move(workflow.status),
                               std::move(workflow.rollback_reason), std::move(workflow.result), reply_to(exchange));
}

void register_with(const Api& api, const Request& request, Exchange& exchange, std::optional<txn::Mode> mode_of_route) {
    auto registration = read_registration(request.body, mode_of_route);
    if (!registration) return exchange.send_message(400, registration.error().what);
    api.engine.register_branch(request.home, std::move(*registration), reply_to(exchange));
}

}  // namespace

void new_gid(const Api& api, const Request& request, Exchange& exchange) {
    std::string body;
    ObjectWriter writer(body);
    writer.string("dtm_result", "SUCCESS");
    writer.string("gid", api.engine.new_gid(request.home));
    writer.close();
    exchange.send_json(std::move(body));
}

void prepare(const Api& api, const Request& request, Exchange& exchange) {
    auto parsed = read_transaction(request.body);
    if (!parsed) return exchange.send_message(400, parsed.error().what);
    api.engine.prepare(request.home, std::move(parsed->transaction), reply_to(exchange));
}

void submit(const Api& api, const Request& request, Exchange& exchange) {
    auto parsed = read_transaction(request.body);
    if (!parsed) return exchange.send_message(400, parsed.error().what);
    if (parsed->transaction.mode == txn::Mode::workflow) {
        return submit_workflow(api, request, std::move(*parsed), exchange);
    }
    api.engine.submit(request.home, std::move(parsed->transaction), reply_to(exchange));
}

void abort(const Api& api, const Request& request, Exchange& exchange) {
    auto parsed = read_gid_request(request.body);
    if (!parsed) return exchange.send_message(400, parsed.error().what);
    api.engine.abort(request.home, std::move(parsed->gid), std::move(parsed->trans_type),
                     std::move(parsed->rollback_reason), reply_to(exchange));
}

void register_branch(const Api& api, const Request& request, Exchange& exchange) {
    register_with(api, request, exchange, std::nullopt);
}

void register_tcc_branch(const Api& api, const Request& request, Exchange& exchange) {
    register_with(api, request, exchange, txn::Mode::tcc);
}

void register_xa_branch(const Api& api, const Request& request, Exchange& exchange) {
    register_with(api, request, exchange, txn::Mode::xa);
}

void prepare_workflow(const Api& api, const Request& request, Exchange& exchange) {
    auto parsed = read_transaction(request.body);
    if (!parsed) return exchange.send_message(400, parsed.error().what);
    if (parsed->transaction.mode != txn::Mode::workflow) {
        return exchange.send_message(
            400, "trans_type: expected workflow, got '" + std::string(txn::name(parsed->transaction.mode)) + "'");
    }
    api.engine.prepare_workflow(request.home, std::move(parsed->transaction),
                                reply_with<engine::Found>(exchange, progress_json));
}

void json_rpc(const Api& api, const Request& request, Exchange& exchange) {
    serve_json_rpc(
        api.engine, request.home, request.body,
        [waiting = std::move(exchange)](net::HttpResponse response) mutable { waiting.send(std::move(response)); });
}

}  // namespace dtmd::api
