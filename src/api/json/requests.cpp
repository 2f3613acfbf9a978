#include "api/json/requests.h"

#include "base/gid.h"

namespace dtmd::api {
namespace {

Error invalid(std::string what) { return Error{Errc::invalid, std::move(what)}; }

Result<std::string> take_gid(Fields& fields, GidRule rule) {
    std::string gid;
    fields.take("gid", gid);
    if (!fields.complaint().empty()) return invalid(fields.complaint());
    if (rule == GidRule::remove_bad) return clean_gid(std::move(gid));
    const std::string_view why = why_bad_gid(gid);
    if (!why.empty()) return invalid(std::string(why));
    return gid;
}

Result<txn::Mode> take_mode(Fields& fields) {
    std::string trans_type;
    fields.take("trans_type", trans_type);
    if (!fields.complaint().empty()) return invalid(fields.complaint());
    return parse_mode(trans_type);
}

void take_options(Fields& fields, txn::Options& options) {
    fields.take("wait_result", options.wait_result);
    fields.take("timeout_to_fail", options.timeout_to_fail);
    fields.take("request_timeout", options.request_timeout);
    fields.take("retry_interval", options.retry_interval);
    fields.take("branch_headers", options.branch_headers);
    fields.take("concurrent", options.concurrent);
    fields.take("retry_limit", options.retry_limit);
}

std::string take_extra(Json& extra, TransactionRequest& request) {
    if (extra.kind != Json::Kind::object) return "req_extra: expected an object of strings";
    Fields fields(extra, "req_extra.");
    fields.take("status", request.status);
    fields.take("rollback_reason", request.rollback_reason);
    fields.take("result", request.result);
    return fields.complaint();
}

}  // namespace

Result<std::string> clean_gid(std::string gid) {
    std::erase_if(gid, [](char c) { return c == '\n' || c == '\r' || c == ';'; });
    const std::string_view why = why_bad_gid(gid);
    if (!why.empty()) return invalid(std::string(why));
    return gid;
}

Result<txn::Mode> parse_mode(std::string_view trans_type) {
    txn::Mode mode{};
    if (txn::parse(trans_type, mode)) return mode;
    return invalid("unknown trans_type '" + std::string(trans_type.substr(0, 45)) +
                   "': expected saga, tcc, xa, msg or workflow");
}

Result<std::vector<txn::Step>> read_steps(std::string_view text) {
    std::vector<txn::Step> steps;
    if (text.empty()) return steps;
    auto member = parse_member(text, "Steps");
    if (!member) return member.error();
    Fields fields(*member);
    fields.take("Steps", steps);
    if (!fields.complaint().empty()) return invalid(fields.complaint());
    return steps;
}

Result<TransactionRequest> read_transaction(std::string_view body) {
    auto root = parse_object(body);
    if (!root) return root.error();
    return read_transaction(*root, GidRule::remove_bad);
}

Result<TransactionRequest> read_transaction(Json& object, GidRule rule) {
    Fields fields(object);
    auto gid = take_gid(fields, rule);
    if (!gid) return gid.error();
    const auto mode = take_mode(fields);
    if (!mode) return mode.error();

    TransactionRequest request;
    txn::Transaction& transaction = request.transaction;
    transaction.gid = std::move(*gid);
    transaction.mode = *mode;
    fields.take("steps", transaction.steps);
    fields.take("payloads", transaction.payloads);
    fields.take("query_prepared", transaction.query_prepared);
    fields.take("protocol", transaction.protocol);
    if (transaction.protocol.empty()) transaction.protocol = "http";
    fields.take("custom_data", transaction.custom_data);
    fields.take("rollback_reason", transaction.rollback_reason);
    take_options(fields, transaction.options);
    if (!fields.complaint().empty()) return invalid(fields.complaint());

    if (Json* extra = fields.find("req_extra"); extra != nullptr) {
        if (auto complaint = take_extra(*extra, request); !complaint.empty()) return invalid(std::move(complaint));
    }
    return request;
}

Result<GidRequest> read_gid_request(std::string_view body) {
    auto root = parse_object(body);
    if (!root) return root.error();
    return read_gid_request(*root, GidRule::remove_bad);
}

Result<GidRequest> read_gid_request(Json& object, GidRule rule) {
    Fields fields(object);
    auto gid = take_gid(fields, rule);
    if (!gid) return gid.error();
    GidRequest request;
    request.gid = std::move(*gid);
    fields.take("trans_type", request.trans_type);
    fields.take("rollback_reason", request.rollback_reason);
    if (!fields.complaint().empty()) return invalid(fields.complaint());
    return request;
}

Result<txn::Registration> read_registration(std::string_view body, std::optional<txn::Mode> mode_of_route) {
    auto root = parse_object(body);
    if (!root) return root.error();
    return read_registration(*root, GidRule::remove_bad, mode_of_route);
}

Result<txn::Registration> read_registration(Json& object, GidRule rule, std::optional<txn::Mode> mode_of_route) {
    Fields fields(object);
    fields.require_flat_strings();
    auto gid = take_gid(fields, rule);
    if (!gid) return gid.error();
    std::string trans_type;
    fields.take("trans_type", trans_type);
    const auto mode = trans_type.empty() && mode_of_route ? Result<txn::Mode>(*mode_of_route) : parse_mode(trans_type);
    if (!mode) return mode.error();

    txn::Registration registration;
    registration.gid = std::move(*gid);
    registration.mode = *mode;
    fields.take("branch_id", registration.branch_id);
    fields.take("data", registration.data);
    fields.take("confirm", registration.confirm);
    fields.take("cancel", registration.cancel);
    fields.take("url", registration.url);
    fields.take("op", registration.op);
    fields.take("status", registration.status);
    return registration;
}

}  // namespace dtmd::api
