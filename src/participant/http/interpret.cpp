#include "participant/http/http_participant.h"
#include "participant/http/interpret.h"

#include <nlohmann/json.hpp>

#include <string_view>

// protocol.md 5.3: what an answer means. The order of the rules matters.
namespace dtmd::participant {
namespace {

constexpr std::string_view unknown_prefix =
    "your http/grpc result should be specified as in:\nhttp://d.dtm.pub/practice/arch.html#proto\n"
    "unkown result will be retried: ";

// Cut to what is stored and shown, without leaving half a character behind.
std::string bounded(std::string text) {
    if (text.size() <= txn::max_error_text) return text;
    std::size_t end = txn::max_error_text - 20;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    return text;
}

std::string ending_in(std::string text, std::string_view word) {
    text = bounded(std::move(text));
    if (text.ends_with(word)) return text;
    if (!text.empty()) text += ' ';
    return text.append(word);
}

}  // namespace

Reply unknown_reply(std::string error, bool reached, int code) {
    Reply reply;
    reply.answer = txn::Answer::unknown;
    reply.text = bounded(std::string(unknown_prefix) + std::move(error));
    reply.reached = reached;
    reply.code = code;
    return reply;
}

Reply interpret_http(int status, std::string body) {
    Reply reply;
    reply.code = status;
    if (status == 425 || body.find("ONGOING") != body.npos) {
        reply.answer = txn::Answer::ongoing;
        reply.text = ending_in(std::move(body), "ONGOING");
    } else if (status == 409 || body.find("FAILURE") != body.npos) {
        reply.answer = txn::Answer::failure;
        reply.text = ending_in(std::move(body), "FAILURE");
    } else if (status != 200) {
        const bool reached = status != 502 && status != 503 && status != 504;
        std::string error = body.empty() ? "HTTP status " + std::to_string(status) : std::move(body);
        return unknown_reply(std::move(error), reached, status);
    } else {
        reply.answer = txn::Answer::success;
    }
    return reply;
}

Reply interpret_json_rpc(int status, std::string body) {
    const auto document = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
    Reply reply = interpret_http(status, std::move(body));
    if (reply.answer != txn::Answer::success) return reply;
    if (!document.is_object()) return unknown_reply("the answer is not a JSON-RPC response", true, status);
    const auto error = document.find("error");
    if (error == document.end() || error->is_null()) return reply;
    const std::string text = error->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const auto code = error->is_object() && error->contains("code") && (*error)["code"].is_number() ? (*error)["code"].get<double>() : 0.0;
    if (code == -32901) {
        reply.answer = txn::Answer::failure;
        reply.text = ending_in(text, "FAILURE");
    } else if (code == -32902) {
        reply.answer = txn::Answer::ongoing;
        reply.text = ending_in(text, "ONGOING");
    } else {
        return unknown_reply(text, true, status);
    }
    return reply;
}

}  // namespace dtmd::participant
