#include "walk.h"

#include <algorithm>
#include <utility>

namespace dtmd::txn::walk {
namespace {

struct Trail {
    std::shared_ptr<const Trail> before;
    std::string what;
};

struct World {
    Transaction memory, stored, being_written;
    Live live;
    Time now = samples::t0;
    std::optional<Time> wake;
    bool writing = false, results_pending = false;
    std::optional<Turn> turn;      ///< With the write under way.
    std::vector<bool> sent, done;  ///< The truth, row by row: was called at least once; has answered success.
    int indefinite = 0, crashes = 0, early_timers = 0;
    std::shared_ptr<const Trail> trail;
};

bool is_forward(std::string_view name) { return name == op::action || name == op::confirm || name == op::commit; }

class Walk {
public:
    explicit Walk(const Setup& setup) : setup_(setup) {}
    Totals run();

private:
    void settle(World& world);
    void send(World& world, std::size_t row);
    void start_write(World& world, std::optional<Turn> turn);

    void expand(const World& world);
    void answer_row(const World& world, std::size_t row);
    void answer_check(const World& world);
    void client_acts(const World& world);
    void pass_time(const World& world);
    void crash(const World& world);
    void finish_write(const World& world);
    void fail_write(const World& world);
    World& next(const World& world, std::string what);

    void check_call(const World& world, std::size_t row);
    void check_saga_call(const World& world, std::size_t row);
    void check_end(const World& world);
    void require(bool holds, const World& world, const std::string& what);

    bool first_seen(const World& world);
    bool one_at_a_time() const;

    const Setup& setup_;
    Policy policy_;
    Totals totals_;
    std::vector<World> todo_;
    std::unordered_set<std::string> seen_;
};

bool any_open(const World& world) {
    return world.live.check.open || std::ranges::any_of(world.live.branches, &Attempt::open);
}

Totals Walk::run() {
    World start;
    start.memory = start.stored = setup_.transaction;
    start.live = make_live(start.memory, policy_);
    start.sent.resize(start.memory.branches.size());
    start.done = start.sent;
    start.indefinite = setup_.indefinite;
    start.crashes = setup_.crashes;
    start.early_timers = setup_.early_timers;
    todo_.push_back(std::move(start));
    while (!todo_.empty() && totals_.violation.empty()) {
        World world = std::move(todo_.back());
        todo_.pop_back();
        settle(world);
        if (!first_seen(world)) continue;
        ++totals_.states;
        if (is_final(world.memory.status)) {
            check_end(world);
        } else {
            expand(world);
        }
    }
    return totals_;
}

// What the engine does by itself until it has to wait for something.
void Walk::settle(World& world) {
    while (!world.writing && !is_final(world.memory.status)) {
        const Decision decision = decide(world.memory, world.live, world.now, policy_);
        world.wake = decision.wake;
        require(!decision.wake || *decision.wake > world.now, world, "a wake-up that is due already");
        if (decision.turn) {
            require(decision.calls.empty() && !decision.check_back, world, "a turn together with calls");
            world.live.turning = decision.turn->to;
            return start_write(world, decision.turn);
        }
        if (world.results_pending) return start_write(world, {});
        if (decision.calls.empty() && !decision.check_back) return;
        for (const std::size_t row : decision.calls) send(world, row);
        if (decision.check_back) {
            require(!world.live.check.open, world, "a second check-back beside the open one");
            world.live.check.open = true;
        }
        if (!totals_.violation.empty()) return;
    }
}

void Walk::start_write(World& world, std::optional<Turn> turn) {
    world.being_written = world.memory;
    world.turn = std::move(turn);
    world.writing = true;
    world.results_pending = false;
    world.wake.reset();
}

void Walk::send(World& world, std::size_t row) {
    check_call(world, row);
    world.live.branches[row].open = true;
    world.memory.branches[row].attempts = 1;
    world.sent[row] = true;
}

World& Walk::next(const World& world, std::string what) {
    todo_.push_back(world);
    todo_.back().trail = std::make_shared<Trail>(Trail{world.trail, std::move(what)});
    return todo_.back();
}

void Walk::expand(const World& world) {
    const std::size_t before = todo_.size();
    if (world.writing) finish_write(world);
    for (std::size_t row = 0; row < world.live.branches.size(); ++row) {
        if (world.live.branches[row].open) answer_row(world, row);
    }
    if (world.live.check.open) answer_check(world);
    if (setup_.client && world.memory.status == Status::prepared && !world.writing) client_acts(world);
    if (world.wake) pass_time(world);
    if (world.crashes > 0) crash(world);
    if (world.crashes > 0 && world.writing) fail_write(world);
    require(todo_.size() > before, world, "nothing can happen any more, and it has not ended");
}

void Walk::finish_write(const World& world) {
    World& after = next(world, "written");
    after.writing = false;
    after.stored = std::exchange(after.being_written, {});
    if (!after.turn) return;
    apply_turn(after.memory, after.live, *after.turn, after.now);
    after.stored.status = after.turn->to;
    after.turn.reset();
}

// The store says that it did not happen; the engine tries again.
void Walk::fail_write(const World& world) {
    World& after = next(world, "write failed");
    --after.crashes;
    after.writing = false;
    after.results_pending = true;
    after.live.turning.reset();
    after.turn.reset();
}

void Walk::answer_row(const World& world, std::size_t row) {
    static constexpr const char* names[] = {"success", "failure", "ongoing", "unknown"};
    const bool may_refuse = world.memory.mode == Mode::saga && world.memory.branches[row].op == op::action;
    for (const Answer answer : {Answer::success, Answer::failure, Answer::ongoing, Answer::unknown}) {
        const bool definite = answer == Answer::success || (answer == Answer::failure && may_refuse);
        if (!definite && world.indefinite == 0) continue;
        // With a barrier a repeated call gives the answer of the first.
        if (answer == Answer::failure && setup_.lazy_results && world.done[row]) continue;
        World& after = next(world, std::to_string(row) + " " + names[static_cast<int>(answer)]);
        if (!definite) --after.indefinite;
        if (answer == Answer::success) after.done[row] = true;
        if (apply_answer(after.memory, after.live, row, answer, "e", after.now, policy_, 0)) {
            const bool lazy = setup_.lazy_results && may_be_lazy(after.memory, row);
            after.results_pending = after.results_pending || !lazy;
        }
    }
}

void Walk::answer_check(const World& world) {
    for (const Answer answer : {Answer::success, Answer::failure, Answer::ongoing, Answer::unknown}) {
        const bool definite = answer == Answer::success || answer == Answer::failure;
        if (!definite && world.indefinite == 0) continue;
        World& after = next(world, "check answered " + std::to_string(static_cast<int>(answer)));
        if (!definite) --after.indefinite;
        apply_check_answer(after.memory, after.live, answer, after.now, policy_, 0);
    }
}

void Walk::client_acts(const World& world) {
    const Status back = world.memory.mode == Mode::message ? Status::failed : Status::aborting;
    for (const Status to : {Status::submitted, back}) {
        World& after = next(world, "client: " + std::string(name(to)));
        after.live.turning = to;
        start_write(after, Turn{to, {}});
    }
}

void Walk::pass_time(const World& world) {
    const bool early = any_open(world);
    if (early && world.early_timers == 0) return;
    World& after = next(world, "time passes");
    after.now = *world.wake;
    if (early) --after.early_timers;
}

void Walk::crash(const World& world) {
    World& after = next(world, "crash");
    --after.crashes;
    after.memory = after.stored;
    after.live = make_live(after.memory, policy_);
    after.writing = after.results_pending = false;
    after.turn.reset();
    after.wake.reset();
}

bool Walk::one_at_a_time() const {
    const Transaction& transaction = setup_.transaction;
    if (transaction.mode == Mode::saga) return !transaction.saga_concurrent;
    return !transaction.options.concurrent;
}

void Walk::check_call(const World& world, std::size_t row) {
    const Branch& branch = world.memory.branches[row];
    const std::string what = branch.op + " " + branch.branch_id;
    const bool forward = is_forward(branch.op);
    require(!world.live.branches[row].open, world, what + " called beside its open call");
    require(branch.status == BranchStatus::prepared, world, what + " called though it has its answer");
    require(world.stored.status == world.memory.status, world, what + " called before the turn was durable");
    require(world.stored.status == (forward ? Status::submitted : Status::aborting), world,
            what + " called in the wrong status");
    require(!one_at_a_time() || !any_open(world), world, what + " called beside another one");
    for (std::size_t other = 0; forward && other < world.sent.size(); ++other) {
        const bool back_was_sent = world.sent[other] && !is_forward(world.memory.branches[other].op);
        require(!back_was_sent, world, what + " called after a way back had begun");
    }
    if (world.memory.mode == Mode::saga) check_saga_call(world, row);
}

void Walk::check_saga_call(const World& world, std::size_t row) {
    const Transaction& saga = world.memory;
    const std::size_t step = row / 2;
    const auto comes_before = [&](std::size_t earlier, std::size_t later) {
        if (!saga.saga_concurrent && earlier < later) return true;
        return later < saga.orders.size() && std::ranges::count(saga.orders[later], earlier) > 0;
    };
    const Transaction& known = setup_.lazy_results ? world.memory : world.stored;
    for (std::size_t other = 0; other < saga.branches.size() / 2; ++other) {
        if (row % 2 == 1 && comes_before(other, step)) {
            require(known.branches[2 * other + 1].status == BranchStatus::succeed, world,
                    "action " + std::to_string(step) + " called before " + std::to_string(other) + " was durably done");
        }
        if (row % 2 == 0 && comes_before(step, other)) {
            require(!world.sent[2 * other + 1] || world.done[2 * other], world,
                    "step " + std::to_string(step) + " undone before " + std::to_string(other));
        }
    }
    require(row % 2 == 1 || !world.live.branches[row + 1].open, world, "a compensation beside its action's open call");
}

void Walk::check_end(const World& world) {
    const Transaction& transaction = world.stored;
    const bool succeeded = transaction.status == Status::succeed;
    ++(succeeded ? totals_.succeeded : totals_.failed);
    require(world.memory.status == transaction.status, world, "an end that is not durable");
    require(!any_open(world) || world.memory.mode == Mode::message, world, "an end with calls open");
    require(samples::text(decide(world.memory, world.live, world.now + std::chrono::hours(1), policy_)) == "-", world,
            "something to do after the end");
    for (std::size_t row = 0; row < transaction.branches.size(); ++row) {
        const bool forward = is_forward(transaction.branches[row].op);
        if (forward == succeeded && transaction.mode != Mode::saga && transaction.mode != Mode::message) {
            require(world.done[row], world, "row " + std::to_string(row) + " was not carried out");
        }
        if (forward && succeeded) require(world.done[row], world, "succeed without row " + std::to_string(row));
        if (forward != succeeded && transaction.mode != Mode::saga) {
            require(!world.sent[row], world, "row " + std::to_string(row) + " of the other direction was sent");
        }
        if (forward || transaction.mode != Mode::saga) continue;
        if (succeeded) require(!world.sent[row], world, "succeed, but something was undone");
        if (!succeeded && world.sent[row + 1]) {
            require(world.done[row], world,
                    "failed, but step " + std::to_string(row / 2) + " may have run and is not undone");
        }
    }
}

void Walk::require(bool holds, const World& world, const std::string& what) {
    if (holds || !totals_.violation.empty()) return;
    std::string way;
    for (const Trail* trail = world.trail.get(); trail != nullptr; trail = trail->before.get()) {
        way = trail->what + (way.empty() ? "" : "; ") + way;
    }
    totals_.violation = what + ", after: " + way + " | stored " + samples::rows_of(world.stored) + " " +
                        std::string(name(world.stored.status)) + ", in memory " + samples::rows_of(world.memory) + " " +
                        std::string(name(world.memory.status));
}

// All that what comes next depends on. Of times only what lies ahead.
bool Walk::first_seen(const World& world) {
    std::string key;
    const auto add_number = [&](std::int64_t number) {
        key.append(reinterpret_cast<const char*>(&number), sizeof number);
    };
    const auto add_record = [&](const Transaction& transaction) {
        key += name(transaction.status);
        key += samples::rows_of(transaction);
        for (const Branch& branch : transaction.branches) key += branch.attempts > 0 ? '1' : '0';
        add_number(transaction.retry_count);
        add_number(transaction.next_cron_interval);
    };
    const auto add_attempt = [&](const Attempt& attempt) {
        key += attempt.open ? 'o' : '-';
        add_number(std::max<std::int64_t>((attempt.retry_at - world.now).count(), 0));
        add_number(attempt.failures);
    };
    add_record(world.memory);
    add_record(world.stored);
    if (world.writing) add_record(world.being_written);
    key += world.turn ? name(world.turn->to) : "none";
    key += world.results_pending ? 'p' : '-';
    for (const Attempt& attempt : world.live.branches) add_attempt(attempt);
    add_attempt(world.live.check);
    key += world.live.check_answer ? static_cast<char>('0' + static_cast<int>(*world.live.check_answer)) : '-';
    key += world.live.retry_limit_exceeded ? 'x' : '-';
    for (std::size_t row = 0; row < world.sent.size(); ++row) {
        key += world.sent[row] ? 's' : '-';
        key += world.done[row] ? 'd' : '-';
    }
    const std::int64_t timeout = setup_.transaction.options.timeout_to_fail;
    const bool deadline_ahead = timeout > 0 || world.memory.status == Status::prepared;
    add_number(deadline_ahead ? (world.now - samples::t0).count() : 0);
    add_number(world.indefinite * 100 + world.crashes * 10 + world.early_timers);
    return seen_.insert(std::move(key)).second;
}

}  // namespace

Totals walk(const Setup& setup) { return Walk(setup).run(); }

}  // namespace dtmd::txn::walk
