#include "participant/reply.h"

#include "txn/text.h"

namespace dtmd::participant {
namespace {

constexpr std::string_view unknown_prefix =
    "your http/grpc result should be specified as in:\nhttp://d.dtm.pub/practice/arch.html#proto\n"
    "unkown result will be retried: ";

}  // namespace

Reply definite_reply(txn::Answer answer, int code, std::string text) {
    Reply reply;
    reply.answer = answer;
    reply.code = code;
    reply.text = std::move(text);
    return reply;
}

Reply unknown_reply(std::string_view error, bool reached, int code) {
    std::string text(unknown_prefix);
    text.append(txn::storable_text(error, txn::max_error_text - unknown_prefix.size()));
    Reply reply = definite_reply(txn::Answer::unknown, code, std::move(text));
    reply.reached = reached;
    return reply;
}

// The word must survive the cut.
std::string ending_in(std::string_view word, std::string_view text) {
    std::string bounded = txn::storable_text(text, txn::max_error_text - word.size() - 1);
    if (bounded.ends_with(word)) return bounded;
    if (!bounded.empty()) bounded += ' ';
    return bounded.append(word);
}

}  // namespace dtmd::participant
