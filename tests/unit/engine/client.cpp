#include "client.h"

#include "scenes.h"

namespace dtmd::testing {
namespace {

using txn::Mode;
using txn::Status;
using Kind = engine::Answer::Kind;

constexpr Millis before_asking_again{300};

txn::Transaction content(Mode mode, const std::string& gid, bool wait) {
    txn::Transaction made = request(mode, wait);
    made.gid = gid;
    return made;
}

txn::Registration branch_of(Mode mode, const std::string& gid, const std::string& id) {
    txn::Registration made = mode == Mode::workflow ? progress(gid, id) : branch(mode, id);
    made.gid = gid;
    return made;
}

}  // namespace

Client::Client(World& world, Watch& watch, Mode mode, std::string gid, bool forward, bool wait)
    : transaction(content(mode, gid, wait)), world_(world), watch_(watch) {
    plan(forward);
}

void Client::plan(bool forward) {
    const auto prepare = [this] { return world_.prepare(transaction); };
    const auto promise = [this](Status end) { return [this, end] { watch_.witness.told_will(gid(), end); }; };
    const auto submit = [this] { return world_.submit(transaction); };
    const auto abort = [this] { return world_.abort(gid(), std::string(txn::name(transaction.mode)), "no"); };
    const auto stored = [this] { watch_.witness.told_stored(gid()); };
    const Mode mode = transaction.mode;
    switch (mode) {
        case Mode::saga: requests_.push_back({"submit", submit, [this] { watch_.witness.told_stored(gid()); }}); return;
        case Mode::workflow:
            requests_.push_back({"prepare", [this] { return world_.prepare_workflow(transaction); }, stored});
            plan_branches();
            requests_.push_back(
                {"submit",
                 [this, forward] { return world_.submit_workflow(gid(), forward ? "succeed" : "failed", "no"); },
                 promise(forward ? Status::succeed : Status::failed)});
            return;
        case Mode::message:
        case Mode::tcc:
        case Mode::xa:
            requests_.push_back({"prepare", prepare, stored});
            if (mode != Mode::message) plan_branches();
            if (forward) requests_.push_back({"submit", submit, promise(Status::succeed)});
            if (!forward) requests_.push_back({"abort", abort, promise(Status::failed)});
    }
}

void Client::plan_branches() {
    for (int i = 1; i <= branches; ++i) {
        const std::string id = "0" + std::to_string(i);
        requests_.push_back({"register " + id,
                             [this, id] { return world_.register_branch(branch_of(transaction.mode, gid(), id)); },
                             [this, id] { watch_.witness.told_registered(gid(), id); }});
    }
}

void Client::poll() {
    if (pending_ && pending_->has_value()) {
        const engine::Answer answer = **pending_;
        pending_ = nullptr;
        answered(answer);
    }
    if (is_done() || pending_ || world_.loop.now() < not_before_) return;
    pending_ = requests_[at_].send();
    if (repeats) requests_[at_].send();
}

void Client::answered(const engine::Answer& answer) {
    if (answer.kind == Kind::unavailable || answer.kind == Kind::unknown) {
        not_before_ = world_.loop.now() + before_asking_again;
        return;
    }
    if (answer.kind != Kind::success) {
        at_ = requests_.size();  // Refused, or told that it will end later.
        return;
    }
    const bool waited = transaction.options.wait_result && requests_[at_].name == "submit";
    if (waited && world_.status(gid()) != Status::succeed) {
        watch_.complaints.push_back(gid() + ": its client was told of a success that is not durable");
    }
    requests_[at_].acknowledged();
    ++at_;
}

}  // namespace dtmd::testing
