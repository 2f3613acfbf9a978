#include "client.h"

#include <utility>

namespace dtmd::simulation {
namespace {

using txn::Mode;
using txn::Status;
using Kind = engine::Answer::Kind;

constexpr std::string_view names[] = {"prepare", "work locally", "register", "try", "submit", "abort", "regret"};

}  // namespace

Client::Client(Surroundings surroundings, Plan plan, double abandons)
    : surroundings_(surroundings), plan_(std::move(plan)), abandons_(abandons) {
    plan_steps();
}

void Client::plan_steps() {
    const Mode mode = plan_.request.mode;
    if (mode == Mode::saga) {
        steps_ = {{Act::submit}};
        return;
    }
    if (mode == Mode::message) {
        if (plan_.prepares) steps_ = {{Act::prepare}};
        if (plan_.prepares && plan_.commits) steps_.push_back({Act::work_locally});
        steps_.push_back({plan_.commits || !plan_.prepares ? Act::submit : Act::abort});
        return;
    }
    steps_ = {{Act::prepare}};
    for (std::size_t i = 0; i < plan_.registrations.size(); ++i) {
        steps_.push_back({Act::register_branch, i});
        steps_.push_back({Act::try_branch, i});
    }
    steps_.push_back({plan_.commits ? Act::submit : Act::abort});
}

std::string Client::name() const { return gid() + " " + std::string(names[static_cast<std::size_t>(steps_[at_].act)]); }

void Client::next() {
    if (done_) return;
    if (surroundings_.context.trouble(abandons_)) {
        surroundings_.context.note("     ", gid(), " is abandoned by its client");
        return give_up();
    }
    switch (steps_[at_].act) {
        case Act::try_branch: return try_branch();
        case Act::work_locally: return work_locally();
        case Act::prepare:
        case Act::register_branch:
        case Act::submit:
        case Act::abort:
        case Act::regret: return ask();
    }
}

void Client::ask() {
    auto watched = [request = request(), gid = gid(), &witness = surroundings_.witness](
                       engine::Engine& engine, Loop& loop, engine::Reply reply) {
        witness.request_begins(gid);
        request(engine, loop, [gid, &witness, reply = std::move(reply)](engine::Answer answer) mutable {
            witness.request_ends(gid, answer.kind);
            reply(std::move(answer));
        });
    };
    surroundings_.gateway.ask(name(), std::move(watched),
                              [this](std::optional<engine::Answer> answer) { told(answer); });
}

Gateway::Ask Client::request() const {
    const Step& step = steps_[at_];
    const txn::Transaction& transaction = plan_.request;
    switch (step.act) {
        case Act::prepare:
            return [transaction](engine::Engine& engine, Loop& loop, engine::Reply reply) {
                engine.prepare(loop, transaction, std::move(reply));
            };
        case Act::submit:
            return [transaction](engine::Engine& engine, Loop& loop, engine::Reply reply) {
                engine.submit(loop, transaction, std::move(reply));
            };
        case Act::register_branch:
            return [one = plan_.registrations[step.branch]](engine::Engine& engine, Loop& loop, engine::Reply reply) {
                engine.register_branch(loop, one, std::move(reply));
            };
        case Act::abort:
        case Act::regret:
        case Act::try_branch:
        case Act::work_locally: break;
    }
    return
        [gid = gid(), type = std::string(txn::name(mode()))](engine::Engine& engine, Loop& loop, engine::Reply reply) {
            engine.abort(loop, gid, type, "the client does not want it", std::move(reply));
        };
}

void Client::told(const std::optional<engine::Answer>& answer) {
    if (done_) return;
    const bool again = !answer || answer->kind == Kind::unavailable || answer->kind == Kind::unknown;
    if (again) {
        const Millis pause{surroundings_.context.dice.between(10, 1'000)};
        return surroundings_.context.queue.after(pause, the_world, [this] { next(); });
    }
    if (answer->kind == Kind::invalid)
        surroundings_.context.complain(gid(), name() + " was refused: " + answer->message);
    if (answer->kind != Kind::success) return refused();
    if (steps_[at_].act == Act::submit && surroundings_.context.dice.chance(0.05)) steps_.push_back({Act::regret});
    acknowledged();
    advance();
}

// Refused, or told that it will end later.
void Client::refused() {
    const bool may_abort = mode() != Mode::saga && steps_[at_].act != Act::abort && steps_[at_].act != Act::regret &&
                           steps_[at_].act != Act::submit;
    if (!may_abort || surroundings_.context.dice.chance(0.3)) return give_up();
    steps_ = {{Act::abort}};
    at_ = 0;
    next();
}

void Client::acknowledged() {
    Witness& witness = surroundings_.witness;
    const Step& step = steps_[at_];
    switch (step.act) {
        case Act::prepare: return witness.told_stored(gid());
        case Act::register_branch: return witness.told_registered(gid(), plan_.registrations[step.branch].branch_id);
        case Act::abort: return witness.told_will(gid(), Status::failed);
        case Act::submit:
            if (plan_.request.options.wait_result) witness.told_done(gid());
            if (mode() == Mode::saga) return witness.told_submitted(gid());
            return witness.told_will(gid(), Status::succeed);
        case Act::regret: return surroundings_.context.complain(gid(), "its client could abort what is submitted");
        case Act::try_branch:
        case Act::work_locally: return;
    }
}

void Client::advance() {
    attempts_ = 0;
    if (++at_ == steps_.size()) return give_up();
    const Millis pause{surroundings_.context.dice.between(0, 30)};
    surroundings_.context.queue.after(pause, the_world, [this] { next(); });
}

void Client::try_branch() {
    const txn::Registration& one = plan_.registrations[steps_[at_].branch];
    const bool xa = mode() == Mode::xa;
    Arrival arrival{gid(), one.branch_id, xa ? "action" : "try", std::string(txn::name(mode())),
                    plan_.movements[steps_[at_].branch].url()};
    surroundings_.network.ask(std::move(arrival), [this](txn::Answer answer) {
        if (done_) return;
        if (answer == txn::Answer::success) return advance();
        if (answer == txn::Answer::unknown && ++attempts_ < 4) return next();
        refused();
    });
}

void Client::work_locally() {
    if (surroundings_.bank.send_locally(gid(), plan_.local)) return advance();
    refused();
}

}  // namespace dtmd::simulation
