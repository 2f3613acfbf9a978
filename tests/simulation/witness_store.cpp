#include "witness.h"

#include <algorithm>
#include <utility>

// What nodes do to the store, what clients were told of it, and how each transaction ends.
namespace dtmd::simulation {
namespace {

using txn::Status;

bool may_follow(txn::Mode mode, Status from, Status to) {
    switch (from) {
        case Status::prepared: return true;
        case Status::submitted: return to == Status::succeed || (to == Status::aborting && mode == txn::Mode::saga);
        case Status::aborting: return to == Status::failed;
        case Status::succeed:
        case Status::failed: return false;
    }
    __builtin_unreachable();
}

}  // namespace

bool Witness::was_forced(const std::string& gid) const {
    const auto life = lives_.find(gid);
    return life != lives_.end() && life->second.forced;
}

bool Witness::was_lost(const std::string& gid) const {
    const auto life = lives_.find(gid);
    return life != lives_.end() && life->second.lost;
}

void Witness::told_stored(const std::string& gid) {
    Life& life = lives_[gid];
    life.stored = true;
    if (!rows_.contains(gid) && !life.lost) complain_(gid, "its client was told that it is stored, and it is not");
}

void Witness::told_registered(const std::string& gid, const std::string& branch_id) {
    lives_[gid].branches.insert(branch_id);
    told_stored(gid);
}

void Witness::told_submitted(const std::string& gid) {
    Life& life = lives_[gid];
    life.submitted = true;
    told_stored(gid);
    if (rows_.contains(gid) && rows_.at(gid).status == Status::prepared && !life.lost) {
        complain_(gid, "its client was told that it is submitted, and it is not");
    }
}

void Witness::told_will(const std::string& gid, Status end) {
    lives_[gid].ends.insert(end);
    if (end == Status::succeed) return told_submitted(gid);
    told_stored(gid);
    const auto row = rows_.find(gid);
    if (row != rows_.end() && row->second.status != Status::aborting && row->second.status != Status::failed &&
        !lives_[gid].lost) {
        complain_(gid, "its client was told that it is aborted, and it is not");
    }
}

void Witness::told_done(const std::string& gid) {
    const auto row = rows_.find(gid);
    if (lives_[gid].lost || (row != rows_.end() && row->second.status == Status::succeed)) return;
    complain_(gid, "its client was told of a success that is not durable");
}

void Witness::request_ends(const std::string& gid, engine::Answer::Kind kind) {
    if (kind != engine::Answer::Kind::unavailable) return;
    Life& life = lives_[gid];
    --life.requests;
    life.told_unchanged = true;
    check_nothing_changed(gid, life);
}

void Witness::check_nothing_changed(const std::string& gid, const Life& life) const {
    if (life.requests > 0 || !life.told_unchanged || life.lost || !rows_.contains(gid)) return;
    complain_(gid, "its client was told that nothing was changed, and it is stored");
}

void Witness::learned(Owner node, const std::string& gid, Status status) { lives_[gid].known[node].insert(status); }

void Witness::on_claim(Owner node, const std::string& gid, Time lease_until) {
    Life& life = lives_[gid];
    life.holder = node;
    life.leases[node] = lease_until;
    life.had[node].push_back(lease_until);
}

void Witness::on_write(Owner node, const store::Mutation& mutation, Time now) {
    ++events_;
    Life& life = lives_[mutation.gid];
    const txn::Transaction& row = rows_.at(mutation.gid);
    take_lease(node, life, mutation, row, now);
    check_rows(life, mutation, row);
    check_turn(life, row);
    life.seen.insert(row.status);
    if (!txn::is_final(row.status) || life.ended) return;
    life.ended = true;
    life.end = row.status;
    check_end_of(row);
}

// Where a store keeps whole seconds, a lease of another node may look like one that this node has had.
bool Witness::is_alike(const Life& life, Owner node, Time lease) {
    const auto had = life.had.find(node);
    if (had == life.had.end()) return false;
    return std::ranges::any_of(had->second, [&](Time one) { return std::chrono::abs(lease - one) < Millis{1'000}; });
}

// A lease is moved by who has it, by who finds it run out, and by those who turn the transaction.
void Witness::take_lease(Owner node, Life& life, const store::Mutation& mutation, const txn::Transaction& row,
                         Time now) {
    const bool is_new = mutation.change == store::Change::insert;
    if (!is_new && !mutation.patch.next_cron_time) return;
    const auto held = life.leases.find(life.holder);
    const bool is_taken = !is_new && !mutation.patch.status && !mutation.any_status && life.holder != node &&
                          held != life.leases.end() && !dead_.contains(life.holder) && held->second > now;
    if (is_taken && !is_alike(life, node, held->second) && !life.reset && !all_reset_ && !life.lost) {
        complain_(mutation.gid, "its lease is taken away from another node that still has it");
    }
    if (mutation.any_status) return;  // An operator's reset gives the lease to nobody.
    life.holder = node;
    life.leases[node] = row.next_cron_time;
    life.had[node].push_back(row.next_cron_time);
}

void Witness::check_rows(Life& life, const store::Mutation&, const txn::Transaction& row) {
    for (std::size_t i = 0; i < row.branches.size(); ++i) {
        const bool settled = row.branches[i].status != txn::BranchStatus::prepared;
        if (settled) {
            life.settled.insert(i);
        } else if (life.settled.contains(i) && !life.lost) {
            life.settled.erase(i);
            complain_(row.gid, "the result of " + row.branches[i].op + " " + row.branches[i].branch_id +
                                   " is written over and gone");
        }
    }
}

void Witness::check_turn(Life& life, const txn::Transaction& row) {
    const bool turns = !life.seen.empty() && life.last != row.status;
    const Status before = std::exchange(life.last, row.status);
    if (!turns || life.lost) return;
    if (life.ended) return complain_(row.gid, "changes after its end");
    if (row.mode == txn::Mode::saga && row.status == Status::aborting) check_cause(life, row);
    const bool forced = row.status == Status::failed && life.forced;
    if (forced || may_follow(row.mode, before, row.status)) return;
    complain_(row.gid, "turns from " + std::string(txn::name(before)) + " to " + std::string(txn::name(row.status)));
}

// Only a definite answer is a result (promise 5): no saga turns back because something is not known.
void Witness::check_cause(const Life& life, const txn::Transaction& saga) {
    const txn::Options& options = saga.options;
    const Time deadline = saga.create_time + std::chrono::seconds(options.timeout_to_fail);
    const bool timed_out = options.timeout_to_fail > 0 && saga.update_time >= deadline;
    const bool used_up = options.retry_limit > 0 && life.indefinite > options.retry_limit;
    if (life.refused || timed_out || used_up) return;
    complain_(saga.gid, "turns back without a refusal, a time-out or an end of its retries");
}

void Witness::check_end_of(const txn::Transaction& row) {
    Life& life = lives_[row.gid];
    if (life.lost || life.forced) return;
    check_said(life, row);
    if (row.mode != txn::Mode::workflow) check_deeds(life, row);
    if (on_end) on_end(row);
}

void Witness::check_said(const Life& life, const txn::Transaction& row) {
    for (const std::string& id : life.branches) {
        const auto is_it = [&](const txn::Branch& one) { return one.branch_id == id; };
        if (std::ranges::none_of(row.branches, is_it))
            complain_(row.gid, "branch " + id + " was acknowledged and is lost");
    }
    for (const Status end : life.ends) {
        if (end == row.status) continue;
        complain_(row.gid,
                  "was to become " + std::string(txn::name(end)) + " and is " + std::string(txn::name(row.status)));
    }
}

// One end (promise 2): all that goes forward is done and nothing was undone, or all that may have run is undone.
void Witness::check_deeds(Life& life, const txn::Transaction& row) {
    const bool forward = row.status == Status::succeed;
    const bool is_saga = row.mode == txn::Mode::saga;
    for (const txn::Branch& branch : row.branches) {
        if (branch.url.empty()) continue;
        const Deed& done = deed(life, branch.branch_id, branch.op);
        const std::string what = branch.op + " " + branch.branch_id;
        if (goes_forward(branch.op)) {
            if (forward && done.succeeded == 0) complain_(row.gid, "succeeded without " + what);
            if (!forward && done.begun > 0 && !is_saga) complain_(row.gid, "failed after " + what);
            continue;
        }
        if (forward && done.begun > 0) complain_(row.gid, "succeeded after " + what);
        if (forward) continue;
        const std::uint64_t ran = is_saga ? deed(life, branch.branch_id, "action").begun : 0;
        const bool must = !is_saga || ran > 0;
        if (must && done.succeeded == 0) complain_(row.gid, "failed without " + what);
        // Between nodes a late action may overtake; the participant's barrier stops it.
        if (must && exclusive_ && ran > done.succeeded) {
            complain_(row.gid, "failed, and its action " + branch.branch_id + " went out after " + what);
        }
    }
}

void Witness::check_the_end() {
    for (const auto& [gid, row] : rows_) {
        Life& life = lives_[gid];
        if (!txn::is_final(row.status)) {
            const bool undecided = row.mode == txn::Mode::saga && row.status == Status::prepared;
            if (!undecided) complain_(gid, "has not ended: " + std::string(txn::name(row.status)));
        } else if (!life.forced && !life.lost) {
            check_said(life, row);
        }
    }
    for (const auto& [gid, life] : lives_) {
        check_nothing_changed(gid, life);
        const bool promised = life.stored || life.submitted || !life.branches.empty() || !life.ends.empty();
        if (promised && !life.lost && !rows_.contains(gid)) complain_(gid, "was acknowledged and is lost");
    }
}

}  // namespace dtmd::simulation
