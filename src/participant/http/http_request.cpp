#include "participant/http/http_request.h"

#include "participant/http/json_depth.h"

#include <openssl/evp.h>
#include <boost/beast/core/string.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace dtmd::participant {
namespace {

using boost::beast::iequals;
using nlohmann::json;

constexpr std::size_t max_headers = 100;

bool is_safe_value(std::string_view value) {
    return std::ranges::none_of(value, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7F;
    });
}

bool is_token(std::string_view name) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::ranges::all_of(name, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               marks.find(c) != marks.npos;
    });
}

// What decides where a message goes and where it ends is not for a transaction's headers to say.
bool is_ours_to_set(std::string_view name) {
    constexpr std::array<std::string_view, 9> framing{
        "Host", "Content-Length", "Connection",      "Transfer-Encoding", "Upgrade", "Keep-Alive",
        "TE",   "Trailer",        "Proxy-Connection"};
    return std::ranges::any_of(framing, [&](std::string_view other) { return iequals(name, other); });
}

// Why the call's headers can't be sent; empty if they can.
std::string complaint_about(const Call& call) {
    if (call.headers.size() > max_headers) {
        return "the transaction has more than " + std::to_string(max_headers) + " branch headers";
    }
    for (const auto& [name, value] : call.headers) {
        if (!is_token(name)) return "a branch header's name, '" + name.substr(0, 100) + "', is not one HTTP allows";
        if (!is_safe_value(value)) return "the branch header '" + name.substr(0, 100) + "' contains control characters";
    }
    return {};
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

// The last word on each name counts, also over what we would say ourselves.
void append_headers(std::string& out, const Call& call, const Destination& destination) {
    const auto& headers = call.headers;
    const auto is_set_from = [&](std::size_t first, std::string_view name) {
        return std::any_of(headers.begin() + static_cast<std::ptrdiff_t>(first), headers.end(),
                           [&](const auto& header) { return iequals(header.first, name); });
    };
    append_header(out, "Host", destination.authority);
    const auto append_default = [&](std::string_view name, std::string_view value) {
        if (!is_set_from(0, name)) append_header(out, name, value);
    };
    append_default("Content-Type", "application/json");
    append_default("Accept", "application/json");
    append_default("User-Agent", "dtmd/" DTMD_VERSION);
    if (!destination.user_info.empty()) {
        const std::string secret = decoded(destination.user_info);
        std::string encoded(4 * (secret.size() / 3 + 1) + 1, '\0');
        const int length =
            EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                            reinterpret_cast<const unsigned char*>(secret.data()), static_cast<int>(secret.size()));
        append_default("Authorization", "Basic " + encoded.substr(0, static_cast<std::size_t>(length)));
    }
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const auto& [name, value] = headers[i];
        if (!is_ours_to_set(name) && !is_set_from(i + 1, name)) append_header(out, name, value);
    }
}

std::string query_value(std::string_view target, std::string_view key) {
    std::size_t at = target.find('?');
    while (at != std::string_view::npos) {
        const std::size_t start = at + 1;
        const std::size_t end = target.find('&', start);
        const std::string_view pair = target.substr(start, end == target.npos ? end : end - start);
        const std::size_t equals = pair.find('=');
        if (equals != pair.npos && pair.substr(0, equals) == key) return decoded(pair.substr(equals + 1));
        at = end;
    }
    return {};
}

Result<std::string> json_rpc_body(const Call& call, std::string_view target) {
    json params = json::object();
    if (!call.body.empty()) {
        if (!is_shallow_json(call.body)) return Error{Errc::invalid, "the payload's JSON is nested too deeply"};
        params = json::parse(call.body, nullptr, /*allow_exceptions=*/false);
        if (!params.is_object()) return Error{Errc::invalid, "a JSON-RPC branch needs a JSON object as its payload"};
    }
    params["branch_id"] = call.branch_id;
    params["gid"] = call.gid;
    params["op"] = call.op;
    params["trans_type"] = call.trans_type;
    const json request = {{"id", call.gid + "-" + call.branch_id + "-" + call.op},
                          {"jsonrpc", "2.0"},
                          {"method", query_value(target, "method")},
                          {"params", std::move(params)}};
    return request.dump(-1, ' ', false, json::error_handler_t::replace);
}

void append_target(std::string& out, const Call& call, std::string_view target) {
    if (!target.starts_with('/')) out += '/';
    for (const char c : target) {
        // A URL should not contain these, but where it does they are meant as themselves.
        if (c == ' ' || static_cast<unsigned char>(c) >= 0x80) {
            append_encoded(out, {&c, 1});
        } else {
            out += c;
        }
    }
    if (call.plain || is_json_rpc(call)) return;
    const auto query = target.find('?');
    if (query == target.npos) out += '?';
    if (query != target.npos && query + 1 < target.size() && target.back() != '&') out += '&';
    out.append("branch_id=");
    append_encoded(out, call.branch_id);
    out.append("&gid=");
    append_encoded(out, call.gid);
    out.append("&op=");
    append_encoded(out, call.op);
    out.append("&trans_type=");
    append_encoded(out, call.trans_type);
}

}  // namespace

bool is_json_rpc(const Call& call) {
    return call.protocol == "json-rpc" && call.url.find("method") != std::string::npos;
}

Result<std::string> serialize_call(const Call& call, const Destination& destination) {
    std::string complaint = complaint_about(call);
    if (!complaint.empty()) return Error{Errc::invalid, std::move(complaint) + "; nothing was sent"};
    std::string rpc;
    if (is_json_rpc(call)) {
        auto body = json_rpc_body(call, destination.target);
        if (!body) return body.error();
        rpc = std::move(*body);
    }
    const std::string& body = rpc.empty() ? call.body : rpc;
    const bool posts = !body.empty() || call.trans_type == "xa";

    std::string out;
    out.reserve(320 + call.url.size() + call.gid.size() + body.size());
    out.append(posts ? "POST " : "GET ");
    append_target(out, call, destination.target);
    out.append(" HTTP/1.1\r\n");
    append_headers(out, call, destination);
    if (posts) append_header(out, "Content-Length", std::to_string(body.size()));
    out.append("\r\n").append(body);
    return out;
}

}  // namespace dtmd::participant
