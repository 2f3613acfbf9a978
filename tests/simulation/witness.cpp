#include "witness.h"

#include "txn/branches.h"

#include <algorithm>

// What nodes do to participants. What they do to the store is in witness_store.cpp.
namespace dtmd::simulation {
namespace {

constexpr Millis slack_in_queue{60'000};

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

bool is_without_call(const txn::Transaction& saga, std::size_t step, std::string_view op) {
    return saga.branches[2 * step + (op == "action" ? 1 : 0)].url.empty();
}

std::string shown(const participant::Call& call) { return call.op + " " + call.branch_id; }

}  // namespace

bool goes_forward(std::string_view op) { return op == "action" || op == "confirm" || op == "commit"; }
bool goes_back(std::string_view op) { return op == "compensate" || op == "cancel" || op == "rollback"; }

Witness::Witness(const testing::Rows& rows, bool exclusive, bool lazy, Complain complain)
    : rows_(rows), exclusive_(exclusive), lazy_(lazy), complain_(std::move(complain)) {}

Witness::Deed& Witness::deed(Life& life, const std::string& branch_id, std::string_view op) {
    return life.deeds[branch_id + "/" + std::string(op)];
}

void Witness::died(Owner node) {
    dead_.insert(node);
    for (auto& [gid, life] : lives_) std::erase_if(life.open, [node](const auto& open) { return open.first == node; });
}

void Witness::on_call(Owner node, const participant::Call& call, Time now) {
    ++events_;
    Life& life = lives_[call.gid];
    if (!life.open.insert({node, call.branch_id + "/" + call.op}).second) {
        complain_(call.gid, shown(call) + " is called while it is open");
    }
    const auto found = rows_.find(call.gid);
    if (found == rows_.end()) {
        if (!life.lost) complain_(call.gid, "is called for, but is not stored");
        return;
    }
    const txn::Transaction row = read(found->second);
    check_content(life, call, row);
    check_lease(node, life, call, now);
    if (!life.lost) {
        check_direction(node, life, call, row);
        if (row.mode == txn::Mode::saga && call.op == "action") {
            check_forward_order(life, call, row);
            check_limits(life, call, row, now);
        }
        if (row.mode == txn::Mode::saga && call.op == "compensate") check_way_back(life, call, row);
    }
    Deed& done = deed(life, call.branch_id, call.op);
    // A clock that is set back makes no delay begin anew.
    const bool is_first = done.begun == 0;
    if (row.mode == txn::Mode::message && call.op == "action" && exclusive_ && is_first && now < row.not_before) {
        complain_(call.gid, shown(call) + " goes out before the delay is over");
    }
    done.begun = events_;
}

void Witness::check_content(Life&, const participant::Call& call, const txn::Transaction& row) {
    if (call.headers != row.options.branch_headers) complain_(call.gid, shown(call) + " goes out with other headers");
    if (call.trans_type != txn::name(row.mode)) complain_(call.gid, shown(call) + " goes out with another type");
    if (call.branch_id == "00") return;
    const auto is_it = [&](const txn::Branch& one) { return one.branch_id == call.branch_id && one.op == call.op; };
    const auto branch = std::ranges::find_if(row.branches, is_it);
    if (branch == row.branches.end()) return complain_(call.gid, shown(call) + " goes out and is no branch");
    if (branch->url != call.url || branch->body != call.body) {
        complain_(call.gid, shown(call) + " goes out with other content");
    }
    // Another node may have written it since this one looked.
    if (exclusive_ && branch->status == txn::BranchStatus::succeed) {
        complain_(call.gid, shown(call) + " goes out and has succeeded");
    }
}

void Witness::check_direction(Owner node, Life& life, const participant::Call& call, const txn::Transaction& row) {
    const bool workflow = row.mode == txn::Mode::workflow;
    const auto wanted = goes_forward(call.op) ? txn::Status::submitted
                        : goes_back(call.op)  ? txn::Status::aborting
                                              : txn::Status::prepared;
    // A node is told of its end when somebody asks it, without its actor noticing.
    const bool knows = exclusive_ || workflow || life.known[node].contains(wanted);
    // A workflow ends by its client's word, maybe while its callback is on its way out.
    const bool is_so = exclusive_ && !workflow ? row.status == wanted : life.seen.contains(wanted);
    if (!knows || !is_so) {
        complain_(call.gid, shown(call) + " goes out while stored as " + std::string(txn::name(row.status)) +
                                (knows ? "" : ", and this node did not know better"));
    }
    if (row.mode != txn::Mode::tcc && row.mode != txn::Mode::xa) return;
    for (const auto& [key, done] : life.deeds) {
        const std::string_view op = std::string_view(key).substr(key.rfind('/') + 1);
        const bool opposite = (goes_forward(op) && goes_back(call.op)) || (goes_back(op) && goes_forward(call.op));
        if (done.begun > 0 && opposite) complain_(call.gid, shown(call) + " goes out after " + key);
    }
}

// Nobody may call without a lease that it has itself, and that outlives the call. Nobody else can take what is in an
// embedded store, so there all leases are its node's own until they are reset.
void Witness::check_lease(Owner node, Life& life, const participant::Call& call, Time now) {
    if (exclusive_ && (life.reset || all_reset_)) return;
    if (exclusive_) life.leases[node] = rows_.at(call.gid).next_cron_time;
    const auto lease = life.leases.find(node);
    if (lease == life.leases.end()) return complain_(call.gid, shown(call) + " goes out without a lease");
    const auto held = life.leases.find(life.holder);
    if (held != life.leases.end() && life.holder != node && is_alike(life, node, held->second)) return;
    if (lease->second < now + call.timeout) {
        complain_(call.gid, shown(call) + " goes out under a lease that ends " +
                                std::to_string((now + call.timeout - lease->second).count()) + " ms before the call");
    }
}

void Witness::check_forward_order(Life& life, const participant::Call& call, const txn::Transaction& saga) {
    for (const std::size_t before : steps_before(saga, step_of(call))) {
        if (is_without_call(saga, before, "action")) continue;
        if (deed(life, id_of(before), "action").succeeded == 0) {
            complain_(call.gid, shown(call) + " goes out before " + id_of(before) + " has succeeded");
        }
        const bool durable = saga.branches[2 * before + 1].status == txn::BranchStatus::succeed;
        if (!durable && !lazy_) {
            complain_(call.gid, shown(call) + " goes out before the success of " + id_of(before) + " is durable");
        }
    }
}

// What its client has limited is limited: the time in which actions go out, and how often they are repeated.
void Witness::check_limits(const Life& life, const participant::Call& call, const txn::Transaction& saga, Time now) {
    const txn::Options& options = saga.options;
    // A call may have waited in the queue of its host, though not for longer than its lease.
    const Time too_late = saga.create_time + std::chrono::seconds(options.timeout_to_fail) + slack_in_queue;
    if (options.timeout_to_fail > 0 && now > too_late) {
        complain_(call.gid, shown(call) + " goes out long after its saga has timed out");
    }
    // What is counted is kept with the next write, so that nothing but a crash or a failed write may lose it. Branches
    // that run at once may use up the last retry together.
    const bool counts_all = exclusive_ && dead_.empty() && !life.counts_lost;
    const bool one_by_one = !saga.saga_concurrent && saga.orders.empty();
    if (options.retry_limit > 0 && counts_all && one_by_one && life.indefinite > options.retry_limit) {
        complain_(call.gid, shown(call) + " goes out after " + std::to_string(life.indefinite - 1) +
                                " retries, where " + std::to_string(options.retry_limit) + " were allowed");
    }
}

void Witness::check_way_back(Life& life, const participant::Call& call, const txn::Transaction& saga) {
    // Who finds that results may be missing has to undo all.
    if (!lazy_ && deed(life, call.branch_id, "action").begun == 0) {
        for (const std::size_t before : steps_before(saga, step_of(call))) {
            const bool ran = deed(life, id_of(before), "action").succeeded > 0;
            if (ran || is_without_call(saga, before, "action")) continue;
            complain_(call.gid, shown(call) + " goes out, though its action can't have run");
        }
    }
    for (const auto& [node, key] : life.open) {
        if (key == call.branch_id + "/action" && exclusive_) complain_(call.gid, shown(call) + " overtakes its action");
    }
    for (std::size_t later = 0; later < saga.branches.size() / 2; ++later) {
        const auto before = steps_before(saga, later);
        if (std::ranges::find(before, step_of(call)) == before.end()) continue;
        const bool ran = deed(life, id_of(later), "action").begun > 0;
        if (ran && deed(life, id_of(later), "compensate").succeeded == 0 &&
            !is_without_call(saga, later, "compensate")) {
            complain_(call.gid, shown(call) + " goes out before that of " + id_of(later) + " has succeeded");
        }
    }
}

void Witness::on_answer(Owner node, const participant::Call& call, txn::Answer answer) {
    ++events_;
    Life& life = lives_[call.gid];
    life.open.erase({node, call.branch_id + "/" + call.op});
    if (answer == txn::Answer::success) deed(life, call.branch_id, call.op).succeeded = events_;
    if (call.op != "action") return;
    if (answer == txn::Answer::failure) life.refused = true;
    if (answer == txn::Answer::ongoing || answer == txn::Answer::unknown) ++life.indefinite;
}

}  // namespace dtmd::simulation
