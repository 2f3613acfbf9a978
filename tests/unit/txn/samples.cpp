#include "samples.h"

namespace dtmd::txn::samples {
namespace {

Transaction make(Mode mode, Status status) {
    Transaction transaction;
    transaction.gid = "g";
    transaction.mode = mode;
    transaction.status = status;
    transaction.create_time = transaction.update_time = t0;
    transaction.next_cron_interval = Policy{}.retry_interval;
    return transaction;
}

void add(Transaction& transaction, std::size_t branch, std::string_view op) {
    Branch row;
    row.branch_id = "0" + std::to_string(branch + 1);
    row.op = op;
    row.url = "http://s/" + row.op + row.branch_id;
    row.create_time = row.update_time = t0;
    transaction.branches.push_back(row);
}

Transaction in_pairs(Mode mode, Status status, std::size_t branches, std::string_view back, std::string_view forward) {
    Transaction transaction = make(mode, status);
    for (std::size_t branch = 0; branch < branches; ++branch) {
        add(transaction, branch, back);
        add(transaction, branch, forward);
    }
    return transaction;
}

}  // namespace

Transaction saga(std::size_t steps) {
    return in_pairs(Mode::saga, Status::submitted, steps, op::compensate, op::action);
}
Transaction tcc(std::size_t branches) {
    return in_pairs(Mode::tcc, Status::prepared, branches, op::cancel, op::confirm);
}
Transaction xa(std::size_t branches) {
    return in_pairs(Mode::xa, Status::prepared, branches, op::rollback, op::commit);
}

Transaction message(std::size_t steps) {
    Transaction transaction = make(Mode::message, Status::prepared);
    transaction.query_prepared = "http://s/query";
    for (std::size_t step = 0; step < steps; ++step) add(transaction, step, op::action);
    return transaction;
}

Transaction workflow() {
    Transaction transaction = make(Mode::workflow, Status::prepared);
    transaction.query_prepared = "http://s/workflow";
    return transaction;
}

void set_rows(Transaction& transaction, std::string_view letters) {
    for (std::size_t row = 0; row < letters.size(); ++row) {
        BranchStatus& status = transaction.branches.at(row).status;
        if (letters[row] == 's') status = BranchStatus::succeed;
        if (letters[row] == 'p') status = BranchStatus::prepared;
        if (letters[row] == 'f') status = BranchStatus::failed;
    }
}

std::string rows_of(const Transaction& transaction) {
    std::string letters;
    for (const Branch& branch : transaction.branches) letters += name(branch.status).front();
    return letters;
}

std::string text(const Decision& decision) {
    std::string parts;
    const auto add_part = [&](const std::string& part) { parts += (parts.empty() ? "" : ", ") + part; };
    if (decision.turn) add_part("turn " + std::string(name(decision.turn->to)));
    if (!decision.calls.empty()) {
        std::string calls = "call";
        for (const std::size_t row : decision.calls) calls += " " + std::to_string(row);
        add_part(calls);
    }
    if (decision.check_back) add_part("check");
    if (decision.wake) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*decision.wake - t0);
        add_part("wait " + std::to_string(seconds.count()));
    }
    return parts.empty() ? "-" : parts;
}

std::string decided(const Transaction& transaction, Time now, const Policy& policy) {
    return text(decide(transaction, make_live(transaction, policy), now, policy));
}

}  // namespace dtmd::txn::samples
