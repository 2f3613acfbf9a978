#include "participant/http/http_request.h"

#include <nlohmann/json.hpp>

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <array>

namespace dtmd::participant {
namespace {

using nlohmann::json;

bool is_safe_value(std::string_view value) {
    return std::ranges::none_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_ours_to_set(std::string_view name) {
    constexpr std::array<std::string_view, 4> framing{"host", "content-length", "connection", "transfer-encoding"};
    return std::ranges::any_of(framing, [&](std::string_view other) { return boost::beast::iequals(name, other); });
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

bool is_overridden(const Call& call, std::string_view name) {
    return std::ranges::any_of(call.headers, [&](const auto& header) { return boost::beast::iequals(header.first, name); });
}

std::string query_value(std::string_view target, std::string_view key) {
    std::size_t at = target.find('?');
    while (at != std::string_view::npos) {
        const std::size_t start = at + 1;
        const std::size_t end = std::min(target.find('&', start), target.size());
        const std::string_view pair = target.substr(start, end - start);
        if (pair.substr(0, pair.find('=')) == key && pair.find('=') != pair.npos) return std::string(pair.substr(pair.find('=') + 1));
        at = end < target.size() ? end : std::string_view::npos;
    }
    return {};
}

Result<std::string> json_rpc_body(const Call& call, std::string_view target) {
    json params = json::object();
    if (!call.body.empty()) {
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
    out.append(target);
    if (call.plain || is_json_rpc(call)) return;
    out += target.find('?') == target.npos ? '?' : '&';
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

bool is_json_rpc(const Call& call) { return call.protocol == "json-rpc" && call.url.find("method") != std::string::npos; }

void append_encoded(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '_' || c == '.' || c == '~';
        if (plain) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
}

Result<Destination> parse_destination(std::string_view url) {
    Destination destination;
    std::string_view rest = url;
    if (rest.starts_with("https://")) {
        destination.tls = true;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return Error{Errc::invalid, "'" + std::string(url) + "' is not a URL that can be called: expected http:// or https://"};
    }
    rest = rest.substr(0, rest.find('#'));
    const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
    destination.authority = rest.substr(0, authority_end);
    destination.target = rest.substr(authority_end);
    if (const auto at = destination.authority.rfind('@'); at != destination.authority.npos) destination.authority.remove_prefix(at + 1);

    const std::string_view authority = destination.authority;
    std::size_t host_end = authority.find(':');
    destination.host = authority.substr(0, host_end);
    if (authority.starts_with('[')) {
        const std::size_t bracket = authority.find(']');
        if (bracket == authority.npos) return Error{Errc::invalid, "'" + std::string(url) + "' has a bad host"};
        destination.host = authority.substr(1, bracket - 1);
        host_end = authority.find(':', bracket);
    }
    destination.port = host_end == authority.npos ? (destination.tls ? "443" : "80") : authority.substr(host_end + 1);
    if (destination.host.empty() || destination.port.empty() || !is_safe_value(url) || url.find(' ') != url.npos) {
        return Error{Errc::invalid, "'" + std::string(url) + "' names no host that can be called"};
    }
    return destination;
}

Result<std::string> serialize_call(const Call& call, const Destination& destination) {
    for (const auto& [name, value] : call.headers) {
        if (!is_safe_value(name) || !is_safe_value(value) || name.empty()) {
            return Error{Errc::invalid, "branch header '" + name.substr(0, 100) + "' contains control characters and was not sent"};
        }
    }
    std::string rpc;
    if (is_json_rpc(call)) {
        auto body = json_rpc_body(call, destination.target);
        if (!body) return body.error();
        rpc = std::move(*body);
    }
    const std::string& body = rpc.empty() ? call.body : rpc;
    const bool posts = !body.empty() || call.trans_type == "xa";

    std::string out;
    out.reserve(256 + call.url.size() + call.gid.size() + body.size());
    out.append(posts ? "POST " : "GET ");
    append_target(out, call, destination.target);
    out.append(" HTTP/1.1\r\n");
    append_header(out, "Host", destination.authority);
    if (!is_overridden(call, "Content-Type")) append_header(out, "Content-Type", "application/json");
    if (!is_overridden(call, "Accept")) append_header(out, "Accept", "application/json");
    if (!is_overridden(call, "User-Agent")) append_header(out, "User-Agent", "dtmd");
    for (const auto& [name, value] : call.headers) {
        if (!is_ours_to_set(name)) append_header(out, name, value);
    }
    if (posts) append_header(out, "Content-Length", std::to_string(body.size()));
    out.append("\r\n").append(body);
    return out;
}

}  // namespace dtmd::participant
