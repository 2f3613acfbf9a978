#include "api/jsonrpc/rpc_message.h"

#include "api/json/json_write.h"

namespace dtmd::api {
namespace {

constexpr std::size_t max_shown_params = 1'000;  // Bytes of bad requests that are repeated to their sender.
constexpr std::string_view null_id = "null";

std::string quoted(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

// dtm's text, with its order of the members.
std::string bad_request(std::string_view method, std::string_view version, const Json* params, std::string_view id) {
    std::string shown = "null";
    if (params != nullptr) {
        shown.clear();
        append_json(shown, *params);
        if (shown.size() > max_shown_params) shown = quoted("...");
    }
    std::string text = "Bad json request: ";
    ObjectWriter writer(text);
    writer.string("method", method);
    writer.string("jsonrpc", version);
    writer.value("params") += shown;
    writer.string("id", id);
    writer.close();
    return text;
}

// Also if it is null, unlike Fields::find.
const Json* find_member(const Json& object, std::string_view name) {
    for (const Json& member : object.items) {
        if (member.key == name) return &member;
    }
    return nullptr;
}

bool can_be_id(const Json& value) {
    return value.kind != Json::Kind::array && value.kind != Json::Kind::object && value.kind != Json::Kind::boolean;
}

RpcRefusal refuse(std::string_view id, std::string_view why) {
    return {rpc_error(id, rpc_code::invalid_request, std::string("Bad json request: ").append(why))};
}

}  // namespace

std::string rpc_success(std::string_view id, std::string_view result) {
    std::string body = R"({"error":null,"id":)";
    return body.append(id).append(R"(,"jsonrpc":"2.0","result":)").append(result).append("}");
}

std::string rpc_error(std::string_view id, int code, std::string_view message, std::string_view result) {
    std::string body;
    ObjectWriter writer(body);
    ObjectWriter error(writer.value("error"));
    error.integer("code", code);
    error.string("message", message);
    error.close();
    writer.value("id") += id;
    writer.string("jsonrpc", "2.0");
    writer.value("result") += result;
    writer.close();
    return body;
}

std::optional<RpcRefusal> read_single_request(Json& root, RpcRequest& request) {
    const auto unreadable = [](std::string_view why) {
        const std::string message = std::string("Parse json error: ").append(why);
        return RpcRefusal{rpc_error(quoted(""), rpc_code::parse_error, message), true};
    };
    if (root.kind != Json::Kind::object) return unreadable("body: expected a JSON object, got " + described(root));
    std::string id, version;
    Fields fields(root);
    fields.take("method", request.method);
    fields.take("jsonrpc", version);
    fields.take("id", id);
    if (!fields.complaint().empty()) return unreadable(fields.complaint());
    request.id = quoted(id);
    Json* const params = fields.find("params");
    if (id.empty() || version != "2.0") {
        const std::string message = bad_request(request.method, version, params, id);
        return RpcRefusal{rpc_error(request.id, rpc_code::invalid_request, message)};
    }
    if (params != nullptr) request.params = std::move(*params);
    return std::nullopt;
}

std::optional<RpcRefusal> read_batched_request(Json& item, RpcRequest& request) {
    if (item.kind != Json::Kind::object) return refuse(null_id, "expected an object, got " + described(item));
    if (const Json* id = find_member(item, "id"); id != nullptr) {
        if (!can_be_id(*id)) return refuse(null_id, "id: expected a string or a number, got " + described(*id));
        append_json(request.id, *id);
    }
    const std::string_view id_or_null = request.id.empty() ? null_id : std::string_view(request.id);
    std::string version;
    Fields fields(item);
    fields.take("jsonrpc", version);
    fields.take("method", request.method);
    if (!fields.complaint().empty()) return refuse(id_or_null, fields.complaint());
    if (version != "2.0") return refuse(id_or_null, "jsonrpc: expected \"2.0\"");
    if (request.method.empty()) return refuse(id_or_null, "method: expected the name of a method");
    if (Json* params = fields.find("params"); params != nullptr) request.params = std::move(*params);
    return std::nullopt;
}

}  // namespace dtmd::api
