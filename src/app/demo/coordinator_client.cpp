#include "app/demo/coordinator_client.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>

namespace dtmd::app {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr Millis request_limit{10'000};
constexpr Millis pause{100};

// The member as text, whatever its type; empty if it is missing.
std::string text_of(const json& object, const char* key) {
    const auto member = object.find(key);
    if (member == object.end() || member->is_null()) return {};
    return member->is_string() ? member->get<std::string>() : member->dump();
}

std::string message_of(const ClientAnswer& answer) {
    const json body = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    const std::string message = body.is_object() ? text_of(body, "message") : "";
    return message.empty() ? "HTTP " + std::to_string(answer.status) + " " + answer.body : message;
}

bool says(const ClientAnswer& answer, std::string_view text) { return answer.body.find(text) != std::string::npos; }

// dtm's answers to a request that was carried out before.
bool was_done_before(const std::string& action, const ClientAnswer& answer) {
    if (action == "submit") return says(answer, "status 'succeed'") || says(answer, "status 'submitted'");
    if (action == "registerBranch") return says(answer, "UniqueKeyConflict");
    return false;
}

}  // namespace

Result<Progress> parse_progress(const std::string& body) {
    const json document = json::parse(body, nullptr, /*allow_exceptions=*/false);
    if (!document.is_object()) return Error{Errc::invalid, "the coordinator's answer is not a JSON object: " + body};
    const json& transaction = document.contains("transaction") ? document["transaction"] : document;
    if (!transaction.is_object()) return Error{Errc::invalid, "the coordinator does not know the transaction"};

    Progress progress;
    progress.status = text_of(transaction, "status");
    progress.reason = text_of(transaction, "rollback_reason");
    const json& branches = document.contains("branches") ? document["branches"] : json::array();
    for (const json& branch : branches) {
        progress.timeline.push_back({.branch_id = text_of(branch, "branch_id"),
                                     .op = text_of(branch, "op"),
                                     .status = text_of(branch, "status"),
                                     .attempts = text_of(branch, "attempts"),
                                     .last_error = text_of(branch, "last_error")});
    }
    return progress;
}

CoordinatorClient::CoordinatorClient(ServerAddress server, Narrator& narrator, Millis patience)
    : server_(std::move(server)), narrator_(narrator), patience_(patience) {}

Result<void> CoordinatorClient::greet() {
    const auto answer = send_request(server_, "GET", "/api/ping", "", request_limit);
    if (!answer) return answer.error();
    if (answer->status != 200) return Error{Errc::invalid, server_.text() + " answers, but is no coordinator"};
    return {};
}

Result<ClientAnswer> CoordinatorClient::ask(const std::string& method, const std::string& target,
                                            const std::string& body) {
    const auto begin = Clock::now();
    bool has_complained = false;
    while (true) {
        auto answer = send_request(server_, method, target, body, request_limit);
        const auto waited = std::chrono::duration_cast<Millis>(Clock::now() - begin);
        if (answer && (answer->status < 500 || says(*answer, "UniqueKeyConflict"))) {
            const std::string time = std::to_string(waited.count()) + " ms.";
            if (has_complained) narrator_.say("The coordinator is back after " + time);
            return answer;
        }
        const std::string problem = answer ? message_of(*answer) : answer.error().what;
        if (waited >= patience_) return Error{Errc::unavailable, method + " " + target + ": " + problem};
        if (!has_complained) narrator_.say("The coordinator is away: " + problem + "; trying again.");
        has_complained = true;
        std::this_thread::sleep_for(pause);
    }
}

Result<std::string> CoordinatorClient::new_gid() {
    const auto answer = ask("GET", "/api/dtmsvr/newGid", "");
    if (!answer) return answer.error();
    const json body = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
    const std::string gid = body.is_object() ? text_of(body, "gid") : "";
    if (gid.empty()) return Error{Errc::invalid, "newGid: " + message_of(*answer)};
    return gid;
}

Result<void> CoordinatorClient::post(const std::string& action, const json& body) {
    const auto answer = ask("POST", "/api/dtmsvr/" + action, body.dump());
    if (!answer) return answer.error();
    if (answer->status == 200 || was_done_before(action, *answer)) return {};
    return Error{answer->status == 409 ? Errc::conflict : Errc::invalid, action + ": " + message_of(*answer)};
}

Result<Progress> CoordinatorClient::look(const std::string& gid) {
    const auto answer = ask("GET", "/api/transaction?gid=" + gid, "");
    if (!answer) return answer.error();
    if (answer->status != 200) return Error{Errc::invalid, "transaction " + gid + ": " + message_of(*answer)};
    return parse_progress(answer->body);
}

Result<Progress> CoordinatorClient::wait_for_end(const std::string& gid) {
    const auto deadline = Clock::now() + patience_;
    while (true) {
        auto progress = look(gid);
        if (!progress || progress->has_ended()) return progress;
        if (Clock::now() >= deadline) {
            return Error{Errc::unavailable, "transaction " + gid + " is still " + progress->status + " after " +
                                                std::to_string(patience_.count() / 1000) + " s"};
        }
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace dtmd::app
