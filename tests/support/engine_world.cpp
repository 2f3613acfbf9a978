#include "support/engine_world.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dtmd::testing {

participant::Reply success() { return {.answer = txn::Answer::success, .text = {}, .code = 200}; }
participant::Reply failure(std::string text) {
    return {.answer = txn::Answer::failure, .text = std::move(text), .code = 409};
}
participant::Reply ongoing() { return {.answer = txn::Answer::ongoing, .text = "ONGOING", .code = 425}; }
participant::Reply unknown(bool reached) {
    return {
        .answer = txn::Answer::unknown, .text = "no definite answer", .reached = reached, .code = reached ? 500 : 0};
}

void ScriptedParticipant::call(participant::Call call, absl::AnyInvocable<void(participant::Reply)> done) {
    calls.push_back(call);
    if (on_call) on_call(call);
    const std::string name = call.gid + "/" + call.branch_id + "/" + call.op;
    most_open_of_one = std::max(most_open_of_one, ++open[name]);
    most_open = std::max(most_open, ++open_now);
    const std::optional<Millis> span = takes ? takes(call) : latency;
    if (!span) return;
    loop_.after(*span, [this, name, call = std::move(call), done = std::move(done)]() mutable {
        --open[name];
        --open_now;
        participant::Reply reply = script ? script(call) : success();
        if (on_answer) on_answer(call, reply);
        done(std::move(reply));
    });
}

std::vector<std::string> ScriptedParticipant::log() const {
    std::vector<std::string> entries;
    for (const auto& call : calls) entries.push_back(call.op + " " + call.branch_id);
    return entries;
}

std::size_t ScriptedParticipant::count(const std::string& entry) const {
    return static_cast<std::size_t>(std::ranges::count(log(), entry));
}

World::World(engine::Settings wanted) : settings(wanted) { restart(); }

void World::crash() {
    loop.forget_all();
    participant.open.clear();
    participant.open_now = 0;
    metrics = {};
    coordinator_ = engine::make_coordinator({{loop, participant, random}}, store, settings, metrics,
                                            [this](Loop&, engine::Alert alert) { alerts.push_back(std::move(alert)); });
    coordinator_->start();
}

void World::restart() {
    crash();
    loop.run_for(Millis{5});
}

namespace {

auto remember(const World::Pending& pending) {
    return [pending](engine::Answer answer) {
        EXPECT_FALSE(pending->has_value()) << "answered twice";
        *pending = std::move(answer);
    };
}

template <class T>
auto remember_with(const World::Pending& pending, T* out) {
    return [pending, out](engine::Answer answer, T value) {
        EXPECT_FALSE(pending->has_value()) << "answered twice";
        *pending = std::move(answer);
        if (out) *out = std::move(value);
    };
}

World::Pending nothing_yet() { return std::make_shared<std::optional<engine::Answer>>(); }

}  // namespace

World::Pending World::submit(txn::Transaction transaction) {
    Pending pending = nothing_yet();
    engine().submit(loop, std::move(transaction), remember(pending));
    return pending;
}

World::Pending World::prepare(txn::Transaction transaction) {
    Pending pending = nothing_yet();
    engine().prepare(loop, std::move(transaction), remember(pending));
    return pending;
}

World::Pending World::abort(const std::string& gid, const std::string& type, const std::string& reason) {
    Pending pending = nothing_yet();
    engine().abort(loop, gid, type, reason, remember(pending));
    return pending;
}

World::Pending World::register_branch(txn::Registration registration) {
    Pending pending = nothing_yet();
    engine().register_branch(loop, std::move(registration), remember(pending));
    return pending;
}

World::Pending World::force_stop(const std::string& gid) {
    Pending pending = nothing_yet();
    engine().force_stop(loop, gid, remember(pending));
    return pending;
}

World::Pending World::reset_next_cron_time(const std::string& gid) {
    Pending pending = nothing_yet();
    engine().reset_next_cron_time(loop, gid, remember(pending));
    return pending;
}

World::Pending World::submit_workflow(const std::string& gid, const std::string& status, const std::string& reason) {
    Pending pending = nothing_yet();
    engine().submit_workflow(loop, gid, status, reason, "", remember(pending));
    return pending;
}

World::Pending World::prepare_workflow(txn::Transaction transaction, engine::Found* found) {
    Pending pending = nothing_yet();
    engine().prepare_workflow(loop, std::move(transaction), remember_with(pending, found));
    return pending;
}

World::Pending World::query(const std::string& gid, engine::Found* found) {
    Pending pending = nothing_yet();
    engine().query(loop, gid, remember_with(pending, found));
    return pending;
}

World::Pending World::reset_cron_time(std::chrono::seconds timeout, std::size_t limit,
                                      std::pair<std::size_t, bool>* moved) {
    Pending pending = nothing_yet();
    engine().reset_cron_time(loop, timeout, limit, remember_with(pending, moved));
    return pending;
}

engine::Answer World::now(const Pending& pending) {
    loop.run_for(Millis{0});
    EXPECT_TRUE(pending->has_value()) << "no answer at once";
    return pending->value_or(engine::Answer{engine::Answer::Kind::unknown, "no answer"});
}

engine::Answer World::wait(const Pending& pending) {
    const bool came = loop.run_until([&] { return pending->has_value(); }, std::chrono::hours(1));
    EXPECT_TRUE(came) << "no answer within an hour";
    return pending->value_or(engine::Answer{engine::Answer::Kind::unknown, "no answer"});
}

bool World::run_until_final(const std::string& gid, Millis span) {
    return loop.run_until([&] { return store.rows.contains(gid) && txn::is_final(store.rows.at(gid).status); }, span);
}

namespace {

txn::Transaction with_steps(const std::string& gid, txn::Mode mode, int steps, bool wait) {
    txn::Transaction transaction;
    transaction.gid = gid;
    transaction.mode = mode;
    transaction.options.wait_result = wait;
    for (int i = 1; i <= steps; ++i) {
        const std::string base = "http://bank/" + std::to_string(i);
        transaction.steps.push_back({{{"action", base + "/action"}, {"compensate", base + "/compensate"}}});
        transaction.payloads.push_back("{}");
    }
    return transaction;
}

}  // namespace

txn::Transaction saga(const std::string& gid, int steps, bool wait) {
    return with_steps(gid, txn::Mode::saga, steps, wait);
}

txn::Transaction message(const std::string& gid, int steps, bool wait) {
    txn::Transaction transaction = with_steps(gid, txn::Mode::message, steps, wait);
    transaction.query_prepared = "http://bank/query";
    return transaction;
}

txn::Transaction two_phased(const std::string& gid, txn::Mode mode, bool wait) {
    return with_steps(gid, mode, 0, wait);
}

txn::Transaction workflow(const std::string& gid) {
    txn::Transaction transaction = with_steps(gid, txn::Mode::workflow, 0, false);
    transaction.query_prepared = "http://bank/workflow";
    transaction.custom_data = R"({"name":"transfer","data":"e30="})";
    return transaction;
}

txn::Registration progress(const std::string& gid, const std::string& branch_id) {
    txn::Registration registration;
    registration.gid = gid;
    registration.branch_id = branch_id;
    registration.mode = txn::Mode::workflow;
    registration.op = "action";
    registration.status = "succeed";
    registration.data = "done";
    return registration;
}

txn::Registration tcc_branch(const std::string& gid, const std::string& branch_id) {
    txn::Registration registration;
    registration.gid = gid;
    registration.branch_id = branch_id;
    registration.mode = txn::Mode::tcc;
    registration.data = "{}";
    registration.confirm = "http://bank/" + branch_id + "/confirm";
    registration.cancel = "http://bank/" + branch_id + "/cancel";
    return registration;
}

txn::Registration xa_branch(const std::string& gid, const std::string& branch_id) {
    txn::Registration registration;
    registration.gid = gid;
    registration.branch_id = branch_id;
    registration.mode = txn::Mode::xa;
    registration.url = "http://bank/" + branch_id + "/xa";
    return registration;
}

}  // namespace dtmd::testing
