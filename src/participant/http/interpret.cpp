#include "participant/http/interpret.h"

#include "participant/http/http_participant.h"
#include "participant/http/json_depth.h"
#include "txn/text.h"

#include <nlohmann/json.hpp>

#include <string_view>

// protocol.md 5.3: what an answer means. The order of the rules matters.
namespace dtmd::participant {
namespace {

using nlohmann::json;

constexpr std::string_view unknown_prefix =
    "your http/grpc result should be specified as in:\nhttp://d.dtm.pub/practice/arch.html#proto\n"
    "unkown result will be retried: ";

bool contains(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

// Clients look for the word, so it must survive the cut.
std::string ending_in(std::string_view word, std::string_view text) {
    std::string bounded = txn::storable_text(text, txn::max_error_text - word.size() - 1);
    if (bounded.ends_with(word)) return bounded;
    if (!bounded.empty()) bounded += ' ';
    return bounded.append(word);
}

Reply definite(txn::Answer answer, int code, std::string text) {
    Reply reply;
    reply.answer = answer;
    reply.code = code;
    reply.text = std::move(text);
    return reply;
}

}  // namespace

Reply unknown_reply(std::string_view error, bool reached, int code) {
    std::string text(unknown_prefix);
    text.append(txn::storable_text(error, txn::max_error_text - unknown_prefix.size()));
    Reply reply = definite(txn::Answer::unknown, code, std::move(text));
    reply.reached = reached;
    return reply;
}

Reply interpret_http(int status, std::string body) {
    if (status == 425 || contains(body, "ONGOING")) {
        return definite(txn::Answer::ongoing, status, ending_in("ONGOING", body));
    }
    if (status == 409 || contains(body, "FAILURE")) {
        return definite(txn::Answer::failure, status, ending_in("FAILURE", body));
    }
    if (status == 200) return definite(txn::Answer::success, status, {});
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
    if (code == -32901) return definite(txn::Answer::failure, status, ending_in("FAILURE", text));
    if (code == -32902) return definite(txn::Answer::ongoing, status, ending_in("ONGOING", text));
    return unknown_reply(text, true, status);
}

}  // namespace dtmd::participant
