#include "participant/grpc/grpc_message.h"

#include "participant/reply.h"

#include <algorithm>
#include <array>

namespace dtmd::participant {
namespace {

constexpr std::size_t max_headers = 100;

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

bool is_key(std::string_view key) {
    return !key.empty() && std::ranges::all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

bool is_value(std::string_view key, std::string_view value) {
    return key.ends_with("-bin") || std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

// What decides how a message is carried is not for a transaction's headers to say.
bool is_ours_to_set(std::string_view key) {
    constexpr std::array<std::string_view, 10> carried{
        "host",    "te",      "content-type", "content-length",   "connection",
        "upgrade", "trailer", "keep-alive",   "proxy-connection", "transfer-encoding"};
    return key.starts_with("grpc-") || key == "user-agent" || std::ranges::find(carried, key) != carried.end();
}

// As Go names them: dtm's users know the text.
std::string_view name_of(grpc::StatusCode code) {
    constexpr std::array<std::string_view, 17> names{
        "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
        "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
        "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
        "DataLoss", "Unauthenticated"};
    const auto index = static_cast<std::size_t>(code);
    return index < names.size() ? names[index] : "Unknown";
}

// By gRPC itself, or by a proxy, rather than by the business code.
bool is_said_on_the_way(const grpc::Status& status) {
    switch (status.error_code()) {
        case grpc::StatusCode::UNAVAILABLE:
        case grpc::StatusCode::DEADLINE_EXCEEDED:
        case grpc::StatusCode::CANCELLED: return true;
        // What gRPC says of a connection that broke in the middle of a call.
        case grpc::StatusCode::UNKNOWN: return status.error_message() == "Stream removed";
        default: return false;
    }
}

Error cannot_send(std::string_view what) {
    return {Errc::invalid, std::string(what) + ", which gRPC metadata does not allow; nothing was sent"};
}

void append_varint(std::string& out, std::size_t number) {
    for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
    out += static_cast<char>(number);
}

}  // namespace

Result<Metadata> metadata_of(const Call& call) {
    if (call.headers.size() > max_headers) {
        return Error{Errc::invalid, "the transaction has more than " + std::to_string(max_headers) +
                                        " branch headers; nothing was sent"};
    }
    Metadata metadata;
    metadata.reserve(5 + call.headers.size());
    metadata.emplace_back("dtm-gid", call.gid);
    metadata.emplace_back("dtm-trans_type", call.trans_type);
    metadata.emplace_back("dtm-branch_id", call.branch_id);
    metadata.emplace_back("dtm-op", call.op);
    metadata.emplace_back("dtm-dtm", "");
    for (const auto& [key, value] : metadata) {
        if (!is_value(key, value)) return cannot_send("the value of " + key + " has characters beyond ASCII");
    }
    for (const auto& [name, value] : call.headers) {
        std::string key = lower(name);
        if (is_ours_to_set(key)) continue;
        const std::string shown = "'" + name.substr(0, 100) + "'";
        if (!is_key(key)) return cannot_send("a branch header is named " + shown);
        if (!is_value(key, value)) return cannot_send("the branch header " + shown + " has characters beyond ASCII");
        metadata.emplace_back(std::move(key), value);
    }
    return metadata;
}

std::string message_of(Call& call) {
    constexpr char first_field_of_bytes = 0x0A;
    const bool calls_back_workflow = call.trans_type == "workflow" && call.branch_id == "00";
    if (!calls_back_workflow || call.body.empty()) return std::move(call.body);
    std::string message(1, first_field_of_bytes);
    append_varint(message, call.body.size());
    return message.append(call.body);
}

Reply interpret_grpc(const grpc::Status& status, std::string_view where) {
    const int code = status.error_code();
    const std::string& message = status.error_message();
    switch (status.error_code()) {
        case grpc::StatusCode::OK: return definite_reply(txn::Answer::success, code, {});
        case grpc::StatusCode::ABORTED:
            // What clients of dtm before 1.10 sent.
            if (message == "ONGOING") return definite_reply(txn::Answer::ongoing, code, message);
            return definite_reply(txn::Answer::failure, code, ending_in("FAILURE", message));
        case grpc::StatusCode::FAILED_PRECONDITION:
            return definite_reply(txn::Answer::ongoing, code, ending_in("ONGOING", message));
        default: break;
    }
    std::string text(where);
    text.append(": rpc error: code = ").append(name_of(status.error_code())).append(" desc = ").append(message);
    return unknown_reply(text, !is_said_on_the_way(status), code);
}

}  // namespace dtmd::participant
