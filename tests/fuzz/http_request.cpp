#include "api/json/objects.h"
#include "served.h"
#include "target.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace dtmd::fuzz {
namespace {

struct Answered {
    unsigned status = 0;
    std::string_view head, body;
};

std::string_view header(std::string_view head, std::string_view name) {
    const auto at = head.find("\r\n" + std::string(name) + ": ");
    if (at == head.npos) return {};
    const std::string_view value = head.substr(at + name.size() + 4);
    return value.substr(0, value.find("\r\n"));
}

unsigned number(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    check(error == std::errc() && end == text.data() + text.size(), "a number in an answer is one");
    return value;
}

// Takes the first answer off `bytes`.
Answered take_answer(std::string_view& bytes) {
    Answered answer;
    check(bytes.starts_with("HTTP/1.1 "), "an answer begins with its version, where the one before it has ended");
    const auto end = bytes.find("\r\n\r\n");
    check(end != bytes.npos, "an answer's headers are complete");
    answer.head = bytes.substr(0, end + 2);
    answer.status = number(bytes.substr(9, 3));
    bytes.remove_prefix(end + 4);
    if (answer.status == 100) return answer;
    const std::string_view length_text = header(answer.head, "Content-Length");
    check(!length_text.empty(), "an answer has a length");
    const std::size_t length = number(length_text);
    // That of a HEAD has no body; no body of ours looks like the beginning of the next answer.
    if (bytes.empty() || bytes.starts_with("HTTP/1.1 ")) return answer;
    check(bytes.size() >= length, "an answer's body is complete");
    answer.body = bytes.substr(0, length);
    bytes.remove_prefix(length);
    return answer;
}

void check_answer(const Answered& answer) {
    constexpr unsigned known[] = {100, 200, 301, 307, 400, 404, 405, 409, 413, 425, 431, 500, 501, 503, 505};
    check(std::ranges::find(known, answer.status) != std::end(known), "an answer has one of our statuses");
    check(answer.body != R"({"message":"internal error"})", "no answer is forgotten, no handler throws");
    check(!answer.body.starts_with(R"({"message":"the request could not be handled)"), "no handler throws");
    const bool is_json = header(answer.head, "Content-Type").starts_with("application/json");
    if (is_json && !answer.body.empty()) check_json(answer.body, "an answer's JSON is JSON");
}

// What the client was told, short: the status of each answer.
std::vector<unsigned> statuses_of(std::string_view received) {
    std::vector<unsigned> statuses;
    while (!received.empty()) {
        const Answered answer = take_answer(received);
        check_answer(answer);
        statuses.push_back(answer.status);
    }
    return statuses;
}

// What came of it, in the store.
std::string rows_of(const Served& served) {
    std::string all;
    for (const auto& [gid, row] : served.rows()) {
        check(gid == row.gid, "a transaction is stored under its gid");
        std::string text;
        api::append_transaction(text, row);
        check_json(text, "a stored transaction can be shown");
        check(row.branches.size() <= 10'000, "one request makes no more branches than it has room for");
        all += gid + " " + std::string(txn::name(row.status)) + "\n";
    }
    return all;
}

struct Outcome {
    std::vector<unsigned> statuses;
    std::string rows;
};

Outcome serve(std::string_view input, std::size_t piece) {
    Served served;
    for (std::size_t at = 0; at < input.size(); at += piece) served.send(input.substr(at, piece));
    served.finish();
    check(served.is_over(), "a connection whose client sends no more ends");
    return {statuses_of(served.received()), rows_of(served)};
}

std::string listed(const std::vector<unsigned>& statuses) {
    std::string all;
    for (const unsigned status : statuses) all += std::to_string(status) + " ";
    return all;
}

// The parser looks at a request that isn't complete once, when its first bytes have come, and then only at its end. So
// one that breaks off in its headers may be refused, or not be answered at all.
void forget_refusal_at_the_end(std::vector<unsigned>& longer, const std::vector<unsigned>& shorter) {
    if (longer.size() == shorter.size() + 1 && longer.back() >= 400) longer.pop_back();
}

}  // namespace

// However the bytes are cut on their way, what the client is told and what is stored are the same.
void http_request(std::string_view input) {
    Outcome whole = serve(input, std::max<std::size_t>(input.size(), 1));
    // Whether a client is told to go on depends on whether its body is there already, and rightly so.
    if (std::ranges::count(whole.statuses, 100U) > 0 || input.find("100-") != input.npos) return;
    Outcome cut = serve(input, input.size() < 64 ? 1 : 1 + input.size() / 29);
    // Trailers that are no header lines are refused or passed over, as they come: nobody here reads any.
    if (input.find("hunked") != input.npos) return;
    forget_refusal_at_the_end(whole.statuses, cut.statuses);
    forget_refusal_at_the_end(cut.statuses, whole.statuses);
    check_equal(listed(cut.statuses), listed(whole.statuses),
                "how bytes are cut does not change what a client is told");
    check_equal(cut.rows, whole.rows, "how bytes are cut does not change what is stored");
}

}  // namespace dtmd::fuzz
