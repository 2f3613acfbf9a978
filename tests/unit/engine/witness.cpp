#include "witness.h"

#include "scenes.h"
#include "txn/branches.h"

#include <algorithm>
#include <cstdio>

namespace dtmd::testing {
namespace {

std::size_t step_of(const participant::Call& call) { return std::stoul(call.branch_id) - 1; }
std::string id_of(std::size_t step) { return (step < 9 ? "0" : "") + std::to_string(step + 1); }

/// The record with what custom_data says, which is not stored.
txn::Transaction read(txn::Transaction row) {
    (void)txn::parse_custom_data(row);
    return row;
}

std::vector<std::size_t> steps_before(const txn::Transaction& saga, std::size_t step) {
    std::vector<std::size_t> before;
    if (!saga.saga_concurrent && step > 0) before.push_back(step - 1);
    if (step < saga.orders.size()) before.insert(before.end(), saga.orders[step].begin(), saga.orders[step].end());
    return before;
}

}  // namespace

Witness::Witness(World& world) : world_(world) {
    world.participant.on_call = [this](const participant::Call& call) { on_call(call); };
    world.participant.on_answer = [this](const participant::Call& call, const participant::Reply& reply) {
        on_answer(call, reply);
    };
    world.store.on_write = [this](const store::Mutation& mutation) { on_write(mutation); };
}

void Witness::note(const std::string& event) {
    if (!tracing) return;
    static const Time start{Millis{1'800'000'000'000}};
    std::printf("%10lld ms  %s\n", static_cast<long long>((world_.loop.now() - start).count()), event.c_str());
}

void Witness::complain(const std::string& gid, const std::string& what) {
    note("!!! " + gid + ": " + what);
    complaints.push_back(gid + ": " + what);
}

Witness::Deed& Witness::deed(const std::string& gid, const std::string& branch_id, const std::string& op) {
    return deeds_[gid + "/" + branch_id + "/" + op];
}

void Witness::crashed() {
    note("--- crash");
    for (auto& [key, done] : deeds_) done.open = 0;  // What was sent may still be executed; nobody waits for it.
}

void Witness::on_call(const participant::Call& call) {
    ++events_;
    note("call " + call.gid + " " + call.op + " " + call.branch_id);
    Deed& done = deed(call.gid, call.branch_id, call.op);
    if (++done.open > 1) complain(call.gid, call.op + " " + call.branch_id + " is called while it is open");
    done.begun = events_;
    const auto found = world_.store.rows.find(call.gid);
    if (found == world_.store.rows.end()) return complain(call.gid, "is called for, but is not stored");
    const txn::Transaction row = read(found->second);
    check_direction(call, row);
    if (row.mode == txn::Mode::saga && call.op == "action") check_forward_order(call, row);
    if (row.mode == txn::Mode::saga && call.op == "compensate") check_way_back(call, row);
}

void Witness::check_direction(const participant::Call& call, const txn::Transaction& row) {
    const std::string what =
        call.op + " " + call.branch_id + " goes out while stored as " + std::string(name(row.status));
    if (goes_forward(call.op) && row.status != txn::Status::submitted) complain(call.gid, what);
    if (goes_back(call.op) && row.status != txn::Status::aborting) complain(call.gid, what);
    if (call.op == "msg" && row.status != txn::Status::prepared) complain(call.gid, what);
    for (const txn::Branch& branch : row.branches) {
        const bool same = branch.branch_id == call.branch_id && branch.op == call.op;
        if (same && branch.status == txn::BranchStatus::succeed) complain(call.gid, what + " and has succeeded");
    }
}

void Witness::check_forward_order(const participant::Call& call, const txn::Transaction& saga) {
    for (const std::size_t before : steps_before(saga, step_of(call))) {
        if (deed(call.gid, id_of(before), "action").succeeded == 0) {
            complain(call.gid, "action " + call.branch_id + " goes out before " + id_of(before) + " has succeeded");
        }
        const bool durable = saga.branches[2 * before + 1].status == txn::BranchStatus::succeed;
        if (!durable && !world_.settings.lazy_branch_results) {
            complain(call.gid,
                     "action " + call.branch_id + " goes out before the success of " + id_of(before) + " is durable");
        }
    }
}

void Witness::check_way_back(const participant::Call& call, const txn::Transaction& saga) {
    if (deed(call.gid, call.branch_id, "action").open > 0)
        complain(call.gid, "compensate " + call.branch_id + " overtakes its action");
    for (std::size_t later = 0; later < saga.branches.size() / 2; ++later) {
        const auto before = steps_before(saga, later);
        if (std::ranges::find(before, step_of(call)) == before.end()) continue;
        const bool ran = deed(call.gid, id_of(later), "action").begun > 0;
        if (ran && deed(call.gid, id_of(later), "compensate").succeeded == 0) {
            complain(call.gid,
                     "compensate " + call.branch_id + " goes out before that of " + id_of(later) + " has succeeded");
        }
    }
}

void Witness::on_answer(const participant::Call& call, const participant::Reply& reply) {
    ++events_;
    static const char* const names[] = {"success", "failure", "ongoing", "unknown"};
    note("     " + call.gid + " " + call.op + " " + call.branch_id + ": " + names[static_cast<int>(reply.answer)]);
    Deed& done = deed(call.gid, call.branch_id, call.op);
    --done.open;
    if (reply.answer == txn::Answer::success) done.succeeded = events_;
}

void Witness::on_write(const store::Mutation& mutation) {
    ++events_;
    const txn::Transaction& row = world_.store.rows.at(mutation.gid);
    static const char* const names[] = {"insert", "update", "append"};
    note(std::string(names[static_cast<int>(mutation.change)]) + " " + mutation.gid + " " +
         std::string(name(row.status)) + " due " + std::to_string((row.next_cron_time - world_.loop.now()).count()));
    const auto ended = ended_.find(mutation.gid);
    if (ended != ended_.end() && ended->second != row.status) complain(mutation.gid, "changes after its end");
    if (txn::is_final(row.status)) ended_[mutation.gid] = row.status;
}

void Witness::check_the_end() {
    for (const auto& [gid, row] : world_.store.rows) check_end_of(row);
    for (const auto& [gid, said] : said_) {
        const bool promised = said.stored || !said.branches.empty() || !said.ends.empty();
        if (promised && !world_.store.rows.contains(gid)) complain(gid, "was acknowledged and is lost");
    }
}

void Witness::check_end_of(const txn::Transaction& row) {
    if (!txn::is_final(row.status)) return complain(row.gid, "has not ended: " + std::string(name(row.status)));
    const Said& said = said_[row.gid];
    for (const std::string& id : said.branches) {
        const bool stored =
            std::ranges::any_of(row.branches, [&](const txn::Branch& one) { return one.branch_id == id; });
        if (!stored) complain(row.gid, "branch " + id + " was acknowledged and is lost");
    }
    if (said.force_stop) return;
    for (const txn::Status end : said.ends) {
        if (end != row.status)
            complain(row.gid, "was to become " + std::string(name(end)) + " and is " + std::string(name(row.status)));
    }
    if (row.mode != txn::Mode::workflow) check_deeds(row);
}

// One end (promise 2): all that goes forward is done and nothing was undone, or all that may have run is undone.
void Witness::check_deeds(const txn::Transaction& row) {
    const bool forward = row.status == txn::Status::succeed;
    for (const txn::Branch& branch : row.branches) {
        const Deed& done = deed(row.gid, branch.branch_id, branch.op);
        const std::string what = branch.op + " " + branch.branch_id;
        if (goes_forward(branch.op)) {
            if (forward && done.succeeded == 0) complain(row.gid, "succeeded without " + what);
            if (!forward && done.begun > 0 && row.mode != txn::Mode::saga) complain(row.gid, "failed after " + what);
            continue;
        }
        if (forward && done.begun > 0) complain(row.gid, "succeeded after " + what);
        if (forward) continue;
        const bool is_saga = row.mode == txn::Mode::saga;
        const std::uint64_t ran = is_saga ? deed(row.gid, branch.branch_id, "action").begun : 0;
        const bool must = !is_saga || ran > 0;
        if (must && done.succeeded == 0) complain(row.gid, "failed without " + what);
        if (must && ran > done.succeeded)
            complain(row.gid, "failed, and its action " + branch.branch_id + " went out after " + what);
    }
}

}  // namespace dtmd::testing
