#include "app/demo/story.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

namespace dtmd::app {
namespace {

using nlohmann::json;

// Longer than the demo's patience with a coordinator that is away, so that a restart does not turn a transfer back.
constexpr int timeout_to_fail = 120;
constexpr Millis outage_length{2'000};

std::string order(const std::string& account, std::int64_t amount) {
    return json{{"account", account}, {"amount", amount}}.dump();
}

struct SagaStep {
    const Bank& bank;
    std::string path, order;
};

json saga_of(const std::string& gid, const std::vector<SagaStep>& plan) {
    json steps = json::array(), payloads = json::array();
    for (const SagaStep& step : plan) {
        steps.push_back({{"action", step.bank.url(step.path)}, {"compensate", step.bank.url(step.path + "-undo")}});
        payloads.push_back(step.order);
    }
    return {{"gid", gid}, {"trans_type", "saga"}, {"retry_interval", 1}, {"steps", steps}, {"payloads", payloads}};
}

// What happened, without dtm's fixed words for an unknown answer and without the JSON around a bank's refusal.
std::string short_text(std::string text) {
    constexpr std::string_view lead = "will be retried: ", message = R"("message":")";
    if (const auto at = text.rfind(lead); at != std::string::npos) text.erase(0, at + lead.size());
    if (const auto at = text.find(message); at != std::string::npos) {
        const auto begin = at + message.size();
        text = text.substr(begin, text.find('"', begin) - begin);
    }
    std::ranges::replace(text, '\n', ' ');
    constexpr std::size_t limit = 80;
    return text.size() > limit ? text.substr(0, limit - 3) + "..." : text;
}

}  // namespace

Story::Story(CoordinatorClient& coordinator, Narrator& narrator, Bank& north, Bank& south)
    : coordinator_(coordinator), narrator_(narrator), north_(north), south_(south) {}

Result<void> Story::begin() {
    const auto accounts = all_accounts();
    if (!accounts) return accounts.error();
    ledger_ = Ledger(*accounts);
    return {};
}

Result<void> Story::saga() {
    const auto gid = open_chapter("1. A saga: Alice pays Bob 100",
                                  "Two steps, each with its undoing; the coordinator calls them in order.");
    if (!gid) return gid.error();
    const json transaction = saga_of(*gid, {{north_, "/out", order("alice", 100)}, {south_, "/in", order("bob", 100)}});
    const auto submitted = submit(transaction);
    if (!submitted) return submitted.error();
    return close_chapter(*gid, "succeed", {{"alice", "bob", 100}});
}

Result<void> Story::tcc() {
    const auto gid = open_chapter("2. TCC: Bob pays Alice 80",
                                  "Both banks reserve first (try); then the coordinator confirms both.");
    if (!gid) return gid.error();
    const json transaction{
        {"gid", *gid}, {"trans_type", "tcc"}, {"retry_interval", 1}, {"timeout_to_fail", timeout_to_fail}};
    const auto prepared = coordinator_.post("prepare", transaction);
    if (!prepared) return prepared.error();

    const TccBranch branches[] = {{south_, "01", "out", order("bob", 80)}, {north_, "02", "in", order("alice", 80)}};
    for (const TccBranch& branch : branches) {
        const auto tried = try_branch(*gid, branch);
        if (tried) continue;
        const auto aborted = coordinator_.post("abort", transaction);
        return aborted ? tried.error() : aborted.error();
    }
    const auto submitted = submit(transaction);
    if (!submitted) return submitted.error();
    return close_chapter(*gid, "succeed", {{"bob", "alice", 80}});
}

Result<void> Story::message() {
    const auto gid = open_chapter("3. A message: Bob pays Alice 70",
                                  "Bob's bank debits in its own database; the credit then follows for certain.");
    if (!gid) return gid.error();
    const json transaction{{"gid", *gid},
                           {"trans_type", "msg"},
                           {"retry_interval", 1},
                           {"timeout_to_fail", timeout_to_fail},
                           {"query_prepared", south_.url("/query-prepared")},
                           {"steps", json::array({json{{"action", north_.url("/in")}}})},
                           {"payloads", json::array({order("alice", 70)})}};
    const auto prepared = coordinator_.post("prepare", transaction);
    if (!prepared) return prepared.error();
    const auto paid = south_.pay_out_locally(*gid, "bob", 70);
    if (!paid) {
        const auto aborted = coordinator_.post("abort", transaction);
        return aborted ? paid.error() : aborted.error();
    }
    const auto submitted = submit(transaction);
    if (!submitted) return submitted.error();
    return close_chapter(*gid, "succeed", {{"bob", "alice", 70}});
}

Result<void> Story::refusal() {
    const auto gid = open_chapter("4. Not enough money: Alice pays Carol 100, and Bob 5000 with her",
                                  "Bob doesn't have that much, so what Alice paid must come back.");
    if (!gid) return gid.error();
    const auto submitted = submit(saga_of(*gid, {{north_, "/out", order("alice", 100)},
                                                 {south_, "/out", order("bob", 5000)},
                                                 {south_, "/in", order("carol", 5100)}}));
    if (!submitted) return submitted.error();
    return close_chapter(*gid, "failed", {});
}

Result<void> Story::outage() {
    const auto gid = open_chapter("5. An outage: Alice pays Bob 50 while his bank is down",
                                  "The coordinator repeats the call until the bank is back.");
    if (!gid) return gid.error();
    south_.close_counter();
    narrator_.say("The south bank is down.");
    const json transaction = saga_of(*gid, {{north_, "/out", order("alice", 50)}, {south_, "/in", order("bob", 50)}});
    const auto submitted = submit(transaction);
    std::this_thread::sleep_for(outage_length);
    const auto reopened = south_.reopen();
    if (!reopened) return reopened.error();
    narrator_.say("The south bank is up again.");
    if (!submitted) return submitted.error();
    return close_chapter(*gid, "succeed", {{"alice", "bob", 50}});
}

Result<std::string> Story::open_chapter(std::string_view title, std::string_view plot) {
    narrator_.title(title);
    narrator_.say(plot);
    const auto shown = show_balances("Before");
    if (!shown) return shown.error();
    auto gid = coordinator_.new_gid();
    if (gid) narrator_.say("Transaction " + *gid);
    return gid;
}

// A refusal is no error here: how the transaction ends shows what became of it.
Result<void> Story::submit(const json& transaction) {
    const auto posted = coordinator_.post("submit", transaction);
    if (posted || posted.error().code != Errc::conflict) return posted;
    narrator_.bad(posted.error().what);
    return {};
}

Result<void> Story::try_branch(const std::string& gid, const TccBranch& branch) {
    const std::string path = "/" + branch.direction;
    const auto registered = coordinator_.post("registerBranch", {{"gid", gid},
                                                                 {"trans_type", "tcc"},
                                                                 {"branch_id", branch.branch_id},
                                                                 {"confirm", branch.bank.url(path + "-confirm")},
                                                                 {"cancel", branch.bank.url(path + "-cancel")},
                                                                 {"data", branch.order}});
    if (!registered) return registered.error();
    const auto address = parse_server(branch.bank.url(""));
    if (!address) return address.error();
    const std::string target = path + "-try?trans_type=tcc&op=try&gid=" + gid + "&branch_id=" + branch.branch_id;
    const auto answer = send_request(*address, "POST", target, branch.order, Millis(5'000));
    if (!answer) return answer.error();
    if (answer->status != 200) return Error{Errc::conflict, "try of branch " + branch.branch_id + ": " + answer->body};
    return {};
}

Result<void> Story::close_chapter(const std::string& gid, const std::string& expected,
                                  const std::vector<Transfer>& moved) {
    const auto progress = coordinator_.wait_for_end(gid);
    if (!progress) return progress.error();
    if (progress->status == expected) {
        narrator_.good("Ended: " + progress->status);
    } else {
        narrator_.bad("Ended: " + progress->status + ", expected " + expected);
        problems_.push_back("transaction " + gid + " ended " + progress->status + ", expected " + expected);
    }
    if (!progress->reason.empty()) narrator_.say("Because: " + short_text(progress->reason));
    show_timeline(*progress);

    // What the coordinator says has happened is what the accounts must show, expected or not.
    if (progress->status == "succeed") {
        for (const Transfer& transfer : moved) ledger_.move(transfer.from, transfer.to, transfer.amount);
    }
    const auto accounts = all_accounts();
    if (!accounts) return accounts.error();
    for (const std::string& difference : ledger_.differences(*accounts)) {
        narrator_.bad(difference);
        problems_.push_back("after transaction " + gid + ": " + difference);
    }
    return show_balances("After");
}

Result<std::vector<Account>> Story::all_accounts() {
    auto accounts = north_.accounts();
    if (!accounts) return accounts;
    auto others = south_.accounts();
    if (!others) return others;
    accounts->insert(accounts->end(), others->begin(), others->end());
    return accounts;
}

Result<void> Story::show_balances(std::string_view when) {
    const auto accounts = all_accounts();
    if (!accounts) return accounts.error();
    std::string text = std::string(when) + ":";
    std::int64_t total = 0;
    for (const Account& account : *accounts) {
        text += " " + account.name + " " + std::to_string(account.balance) + ",";
        total += account.balance;
    }
    narrator_.say(text + " total " + std::to_string(total));
    return {};
}

void Story::show_timeline(const Progress& progress) {
    std::vector<Narrator::Row> rows{{"branch", "op", "status", "attempts", "last error"}};
    for (const TimelineEntry& entry : progress.timeline) {
        const bool never_called = entry.attempts == "0" && entry.status == "prepared";
        rows.push_back({entry.branch_id, entry.op, never_called ? "not needed" : entry.status, entry.attempts,
                        short_text(entry.last_error)});
    }
    narrator_.table(rows);
}

}  // namespace dtmd::app
