#include "workflow.h"

#include <algorithm>
#include <utility>

namespace dtmd::simulation {
namespace {

using txn::Status;
using Kind = engine::Answer::Kind;

constexpr int most_executions = 2;

}  // namespace

Workflow::Workflow(Surroundings surroundings, Plan plan, double breaks_off)
    : surroundings_(surroundings), plan_(std::move(plan)), breaks_off_(breaks_off) {}

void Workflow::start() { execute(); }

bool Workflow::called_back() {
    if (running_ >= most_executions) return true;
    execute();
    return true;
}

void Workflow::execute() {
    ++running_;
    prepare(std::make_shared<Execution>());
}

void Workflow::end(const ExecutionPtr& execution) {
    if (!std::exchange(execution->over, true)) --running_;
}

bool Workflow::breaks_off(const ExecutionPtr& execution) {
    if (!surroundings_.context.trouble(breaks_off_)) return false;
    surroundings_.context.note("     ", gid(), " breaks off");
    end(execution);
    return true;
}

void Workflow::ask(const ExecutionPtr& execution, std::string what, Gateway::Ask request,
                   std::function<void(const engine::Answer&)> then) {
    if (breaks_off(execution)) return;
    auto told = [this, execution, what, request, then](const std::optional<engine::Answer>& answer) {
        const bool again = !answer || answer->kind == Kind::unavailable || answer->kind == Kind::unknown;
        if (!again) return then(*answer);
        const Millis pause{surroundings_.context.dice.between(10, 1'000)};
        surroundings_.context.queue.after(
            pause, the_world, [this, execution, what, request, then] { ask(execution, what, request, then); });
    };
    surroundings_.gateway.ask(what, request, std::move(told));
}

void Workflow::prepare(const ExecutionPtr& execution) {
    auto request = [execution, transaction = plan_.request](engine::Engine& engine, Loop& loop, engine::Reply reply) {
        engine.prepare_workflow(
            loop, transaction,
            [execution, reply = std::move(reply)](engine::Answer answer, engine::Found found) mutable {
                if (answer.kind == Kind::success) execution->found = std::move(found);
                reply(std::move(answer));
            });
    };
    ask(execution, gid() + " prepare", request, [this, execution](const engine::Answer& answer) {
        if (answer.kind != Kind::success || !execution->found) return end(execution);
        surroundings_.witness.told_stored(gid());
        if (txn::is_final(execution->found->status)) return end(execution);
        go_on(execution);
    });
}

std::string Workflow::branch_id(const Execution& execution) const {
    return (execution.at < 9 ? "0" : "") + std::to_string(execution.at + 1);
}

const txn::Branch* Workflow::progress(const Execution& execution) const {
    const auto& branches = execution.found->branches;
    const auto is_it = [&](const txn::Branch& one) {
        return one.branch_id == branch_id(execution) && one.op == op(execution);
    };
    const auto found = std::ranges::find_if(branches, is_it);
    return found == branches.end() ? nullptr : &*found;
}

// Steps that are known to be over are not asked for again.
void Workflow::go_on(const ExecutionPtr& execution) {
    Execution& now = *execution;
    if (!now.back && now.at == plan_.movements.size()) return submit(execution);
    const txn::Branch* known = progress(now);
    if (!known) return call_step(execution);
    reported(execution, known->status == txn::BranchStatus::failed);
}

void Workflow::call_step(const ExecutionPtr& execution) {
    if (breaks_off(execution)) return;
    Arrival arrival{gid(), branch_id(*execution), std::string(op(*execution)), "workflow",
                    plan_.movements[execution->at].url()};
    surroundings_.network.ask(std::move(arrival),
                              [this, execution](txn::Answer answer) { step_answered(execution, answer); });
}

void Workflow::step_answered(const ExecutionPtr& execution, txn::Answer answer) {
    if (answer == txn::Answer::unknown) {
        if (++execution->attempts < 5) return call_step(execution);
        return end(execution);  // Until it is called back.
    }
    execution->attempts = 0;
    report(execution, answer == txn::Answer::success ? "succeed" : "failed");
}

void Workflow::report(const ExecutionPtr& execution, const std::string& status) {
    txn::Registration registration;
    registration.gid = gid();
    registration.branch_id = branch_id(*execution);
    registration.mode = txn::Mode::workflow;
    registration.op = op(*execution);
    registration.status = status;
    registration.data = "{}";
    auto request = [registration](engine::Engine& engine, Loop& loop, engine::Reply reply) {
        engine.register_branch(loop, registration, std::move(reply));
    };
    ask(execution, gid() + " report " + registration.op + " " + registration.branch_id, request,
        [this, execution, status](const engine::Answer& answer) {
            if (answer.kind != Kind::success) return end(execution);
            surroundings_.witness.told_registered(gid(), branch_id(*execution));
            reported(execution, status == "failed");
        });
}

// The step at hand is over. A refused one has done nothing that would have to be undone.
void Workflow::reported(const ExecutionPtr& execution, bool failed) {
    Execution& now = *execution;
    if (failed) now.back = true;
    if (!now.back) {
        ++now.at;
        return go_on(execution);
    }
    if (now.at == 0) return submit(execution);
    --now.at;
    go_on(execution);
}

void Workflow::submit(const ExecutionPtr& execution) {
    const bool back = execution->back;
    auto request = [gid = gid(), back](engine::Engine& engine, Loop& loop, engine::Reply reply) {
        engine.submit_workflow(loop, gid, back ? "failed" : "succeed", back ? "a step was refused" : "",
                               "e30=", std::move(reply));
    };
    ask(execution, gid() + " submit", request, [this, execution, back](const engine::Answer& answer) {
        if (answer.kind == Kind::success) {
            surroundings_.witness.told_will(gid(), back ? Status::failed : Status::succeed);
        }
        end(execution);
    });
}

}  // namespace dtmd::simulation
