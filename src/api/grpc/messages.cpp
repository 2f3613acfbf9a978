#include "api/grpc/messages.h"

#include "base/gid.h"

#include <algorithm>

namespace dtmd::api {
namespace {

// Unlike over HTTP nothing is removed from it: a gid that is wrong is refused.
Result<std::string> read_gid(const std::string& gid) {
    const std::string_view why = why_bad_gid(gid);
    if (!why.empty()) return Error{Errc::invalid, std::string(why)};
    return gid;
}

std::string value_of(const google::protobuf::Map<std::string, std::string>& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::string() : found->second;
}

txn::Options read_options(const dtmgimp::DtmTransOptions& from) {
    txn::Options options;
    options.wait_result = from.waitresult();
    options.timeout_to_fail = from.timeouttofail();
    options.request_timeout = from.requesttimeout();
    options.retry_interval = from.retryinterval();
    options.retry_limit = from.retrylimit();
    options.branch_headers.assign(from.branchheaders().begin(), from.branchheaders().end());
    // A map has no order; the same request must always look the same.
    std::ranges::sort(options.branch_headers);
    return options;
}

}  // namespace

Result<TransactionRequest> read_transaction(const dtmgimp::DtmRequest& request) {
    auto gid = read_gid(request.gid());
    if (!gid) return gid.error();
    const auto mode = parse_mode(request.transtype());
    if (!mode) return mode.error();
    auto steps = read_steps(request.steps());
    if (!steps) return steps.error();

    TransactionRequest read;
    txn::Transaction& transaction = read.transaction;
    transaction.gid = std::move(*gid);
    transaction.mode = *mode;
    transaction.protocol = "grpc";
    transaction.steps = std::move(*steps);
    transaction.payloads.assign(request.binpayloads().begin(), request.binpayloads().end());
    transaction.query_prepared = request.queryprepared();
    transaction.custom_data = request.customeddata();
    transaction.rollback_reason = request.rollbackreason();
    transaction.options = read_options(request.transoptions());
    read.status = value_of(request.reqextra(), "status");
    read.rollback_reason = value_of(request.reqextra(), "rollback_reason");
    read.result = value_of(request.reqextra(), "result");
    return read;
}

Result<GidRequest> read_gid_request(const dtmgimp::DtmRequest& request) {
    auto gid = read_gid(request.gid());
    if (!gid) return gid.error();
    return GidRequest{std::move(*gid), request.transtype(), request.rollbackreason()};
}

Result<txn::Registration> read_registration(const dtmgimp::DtmBranchRequest& request) {
    auto gid = read_gid(request.gid());
    if (!gid) return gid.error();
    const auto mode = parse_mode(request.transtype());
    if (!mode) return mode.error();
    txn::Registration registration;
    registration.gid = std::move(*gid);
    registration.mode = *mode;
    registration.branch_id = request.branchid();
    registration.data = request.busipayload();
    registration.confirm = value_of(request.data(), "confirm");
    registration.cancel = value_of(request.data(), "cancel");
    registration.url = value_of(request.data(), "url");
    registration.op = value_of(request.data(), "op");
    registration.status = value_of(request.data(), "status");
    return registration;
}

void write_progress(const txn::Transaction& transaction, dtmgimp::DtmProgressesReply& reply) {
    auto& head = *reply.mutable_transaction();
    head.set_gid(transaction.gid);
    head.set_status(std::string(txn::name(transaction.status)));
    head.set_rollbackreason(transaction.rollback_reason);
    head.set_result(transaction.result);
    for (const txn::Branch& branch : transaction.branches) {
        auto& progress = *reply.add_progresses();
        progress.set_status(std::string(txn::name(branch.status)));
        progress.set_bindata(branch.body);
        progress.set_branchid(branch.branch_id);
        progress.set_op(branch.op);
    }
}

}  // namespace dtmd::api
