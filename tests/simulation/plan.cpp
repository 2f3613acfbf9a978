#include "plan.h"

#include <algorithm>

namespace dtmd::simulation {
namespace {

using txn::Mode;

int an_account(Dice& dice) { return static_cast<int>(dice.index(Bank::accounts)); }

std::string numbered(std::size_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

// The first half pays, the second is paid the same.
std::vector<Movement> transfer(Dice& dice, std::size_t steps) {
    std::vector<Movement> movements(steps);
    for (Movement& one : movements) one.account = an_account(dice);
    if (steps < 2) return movements;
    const std::size_t payers = steps / 2;
    std::int64_t left = dice.between(1, 60) * static_cast<std::int64_t>(payers);
    const std::int64_t each = left / static_cast<std::int64_t>(payers);
    for (std::size_t i = 0; i < steps; ++i) {
        movements[i].kind = i < payers ? Movement::Kind::out : Movement::Kind::in;
        movements[i].amount = i < payers ? each : i + 1 == steps ? left : std::min(left, dice.between(0, each));
        if (i >= payers) left -= movements[i].amount;
    }
    return movements;
}

void refuse_one(Dice& dice, std::vector<Movement>& movements, double probability) {
    if (movements.empty() || !dice.chance(probability)) return;
    movements[dice.index(movements.size())].kind = Movement::Kind::refuse;
}

void set_options(Dice& dice, txn::Transaction& request) {
    txn::Options& options = request.options;
    options.wait_result = dice.chance(0.3);
    if (dice.chance(0.4)) options.retry_interval = dice.between(1, 4);
    if (dice.chance(0.3)) options.timeout_to_fail = dice.between(1, 50);
    if (dice.chance(0.2)) options.request_timeout = dice.between(1, 15);
    if (dice.chance(0.3)) options.retry_limit = dice.between(1, 4);
    if (dice.chance(0.2)) options.branch_headers.emplace_back("x-tenant", std::to_string(dice.between(1, 9)));
}

// Each step may wait for some that stand before it in an order of its own, so there is no circle.
std::string random_orders(Dice& dice, std::size_t steps, bool concurrent) {
    std::vector<std::size_t> order(steps);
    for (std::size_t i = 0; i < steps; ++i) order[i] = i;
    // Without concurrency every step already waits for the one before it.
    for (std::size_t i = steps; concurrent && i > 1; --i) std::swap(order[i - 1], order[dice.index(i)]);
    std::string text;
    for (std::size_t i = 1; i < steps; ++i) {
        std::string befores;
        for (std::size_t j = 0; j < i; ++j) {
            if (dice.chance(0.4)) befores += (befores.empty() ? "" : ",") + std::to_string(order[j]);
        }
        if (befores.empty()) continue;
        text += (text.empty() ? "\"" : ",\"") + std::to_string(order[i]) + "\":[" + befores + "]";
    }
    return text;
}

void plan_saga(Dice& dice, Plan& plan) {
    txn::Transaction& saga = plan.request;
    const std::size_t steps = dice.chance(0.05) ? 0 : static_cast<std::size_t>(dice.between(1, 6));
    plan.movements = transfer(dice, steps);
    refuse_one(dice, plan.movements, 0.35);
    for (const Movement& one : plan.movements) {
        // What moves nothing needs no way back; nor, now and then, any call at all.
        const bool plain = one.kind == Movement::Kind::note;
        const std::string back = plain && dice.chance(0.5) ? "" : one.url();
        const std::string forth = plain && dice.chance(0.2) ? "" : one.url();
        saga.steps.push_back({{{"action", forth}, {"compensate", back}}});
        saga.payloads.push_back(one.url());
    }
    const bool concurrent = dice.chance(0.5);
    const std::string orders = dice.chance(0.5) ? random_orders(dice, steps, concurrent) : "";
    if (concurrent || !orders.empty()) {
        saga.custom_data = std::string(R"({"concurrent":)") + (concurrent ? "true" : "false") +
                           (orders.empty() ? "" : ",\"orders\":{" + orders + "}") + "}";
    }
}

void plan_message(Dice& dice, Plan& plan, const std::vector<std::string>& topics) {
    txn::Transaction& message = plan.request;
    message.query_prepared = dice.chance(0.95) ? plan.local.url() + "/query" : "";
    const std::size_t receivers = static_cast<std::size_t>(dice.between(0, 3));
    plan.movements.assign(receivers, {});
    plan.local.account = an_account(dice);
    for (Movement& one : plan.movements) {
        one.account = an_account(dice);
        one.kind = Movement::Kind::in;
        one.amount = dice.between(1, 20);
        plan.local.amount += one.amount;
        message.steps.push_back({{{"action", one.url()}}});
        message.payloads.push_back("{}");
    }
    plan.local.kind = receivers > 0 ? Movement::Kind::out : Movement::Kind::note;
    if (!message.query_prepared.empty()) message.query_prepared = plan.local.url();
    if (!topics.empty() && dice.chance(0.3)) {
        message.steps.push_back({{{"action", "topic://" + topics[dice.index(topics.size())]}}});
        message.payloads.push_back("{}");
    }
    if (dice.chance(0.2)) message.custom_data = "{\"delay\":" + std::to_string(dice.between(1, 20)) + "}";
    message.options.concurrent = dice.chance(0.5);
    plan.commits = dice.chance(0.8);
    plan.prepares = dice.chance(0.9);
    // Without anybody to ask it is sent all the same, or dropped, by configuration and not by what was done.
    if (message.query_prepared.empty() || !plan.prepares) plan.local = {};
    if (message.query_prepared.empty() || !plan.prepares) {
        for (txn::Step& step : message.steps) {
            if (step.members[0].second.starts_with("http")) step.members[0].second = Movement{}.url();
        }
    }
}

void plan_two_phased(Dice& dice, Plan& plan) {
    plan.movements = transfer(dice, static_cast<std::size_t>(dice.between(0, 4)));
    refuse_one(dice, plan.movements, 0.2);
    plan.commits = dice.chance(0.8);
    for (std::size_t i = 0; i < plan.movements.size(); ++i) {
        txn::Registration one;
        one.gid = plan.request.gid;
        one.branch_id = numbered(i + 1);
        one.mode = plan.request.mode;
        one.data = "{}";
        const std::string url = plan.movements[i].url();
        if (one.mode == Mode::xa) one.url = url;
        if (one.mode == Mode::tcc) one.confirm = one.cancel = url;
        plan.registrations.push_back(std::move(one));
    }
}

void plan_workflow(Dice& dice, Plan& plan) {
    plan.movements = transfer(dice, static_cast<std::size_t>(dice.between(0, 4)));
    // A refusal that is the same each time: two executions of one workflow must come to the same end.
    refuse_one(dice, plan.movements, 0.3);
    plan.request.query_prepared = "http://client/workflow";
    plan.request.custom_data = R"({"name":"transfer","data":"e30="})";
}

}  // namespace

Plan make_plan(Dice& dice, Mode mode, std::string gid, const std::vector<std::string>& topics) {
    Plan plan;
    plan.request.gid = std::move(gid);
    plan.request.mode = mode;
    set_options(dice, plan.request);
    switch (mode) {
        case Mode::saga: plan_saga(dice, plan); break;
        case Mode::message: plan_message(dice, plan, topics); break;
        case Mode::tcc:
        case Mode::xa: plan_two_phased(dice, plan); break;
        case Mode::workflow: plan_workflow(dice, plan); break;
    }
    return plan;
}

}  // namespace dtmd::simulation
