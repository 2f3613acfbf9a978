#include "participant/http/interpret.h"

#include "participant/http/http_participant.h"
#include "participant/http/json_depth.h"
#include "participant/reply.h"

#include <nlohmann/json.hpp>

#include <string_view>

// protocol.md 5.3: what an answer means. The order of the rules matters.
namespace dtmd::participant {
namespace {

using nlohmann::json;

bool contains(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

}  // namespace

Reply interpret_http(int status, std::string body) {
    if (status == 425 || contains(body, "ONGOING")) {
        return definite_reply(txn::Answer::ongoing, status, ending_in("ONGOING", body));
    }
    if (status == 409 || contains(body, "FAILURE")) {
        return definite_reply(txn::Answer::failure, status, ending_in("FAILURE", body));
    }
    if (status == 200) return definite_reply(txn::Answer::success, status, {});
    // These come from a proxy or an overloaded host, not from the business code.
    const bool reached = status != 502 && status != 503 && status != 504;
    if (body.empty()) body = "HTTP status " + std::to_string(status) + " with an empty body";
    return unknown_reply(body, reached, status);
}

Reply interpret_json_rpc(int status, std::string body) {
    Reply reply = interpret_http(status, body);
    if (reply.answer != txn::Answer::success) return reply;
    if (!is_shallow_json(body)) return unknown_reply("the answer's JSON is nested too deeply", true, status);
    const json document = json::parse(body, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object()) return unknown_reply("the answer is not a JSON-RPC response: " + body, true, status);
    const auto error = document.find("error");
    if (error == document.end() || error->is_null()) return reply;
    const std::string text = error->dump(-1, ' ', false, json::error_handler_t::replace);
    const json code = error->is_object() ? error->value("code", json()) : json();
    if (code == -32901) return definite_reply(txn::Answer::failure, status, ending_in("FAILURE", text));
    if (code == -32902) return definite_reply(txn::Answer::ongoing, status, ending_in("ONGOING", text));
    return unknown_reply(text, true, status);
}

}  // namespace dtmd::participant
