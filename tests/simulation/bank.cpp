#include "bank.h"

#include "participant/participant.h"
#include "witness.h"

#include <array>
#include <charconv>

namespace dtmd::simulation {
namespace {

constexpr std::int64_t opening_balance = 300;
constexpr std::array<std::string_view, 4> kinds{"out", "in", "note", "refuse"};

// What an op undoes: its entry keeps the undone one from running later.
std::string_view origin_of(std::string_view op) {
    if (op == "cancel") return "try";
    if (op == "compensate" || op == "rollback") return "action";
    return {};
}

std::int64_t number_in(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

bool has_two_phases(const Arrival& arrival) { return arrival.trans_type == "tcc" || arrival.trans_type == "xa"; }

}  // namespace

std::string Movement::url() const {
    return Bank::address(Bank::host_of(account)) + std::string(kinds[static_cast<std::size_t>(kind)]) + "/" +
           std::to_string(account) + "/" + std::to_string(amount);
}

Movement Movement::of(std::string_view url) {
    std::vector<std::string_view> parts;
    std::string_view path = url.substr(url.find('/', url.find("://") + 3) + 1);
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
        parts.push_back(path.substr(0, slash));
        path.remove_prefix(slash + 1);
    }
    parts.push_back(path);
    Movement movement;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (kinds[i] == parts.at(0)) movement.kind = static_cast<Kind>(i);
    }
    movement.account = static_cast<int>(number_in(parts.at(1)));
    movement.amount = number_in(parts.at(2));
    return movement;
}

Bank::Bank(Context& context) : context_(context), balances_(accounts, opening_balance) {
    total_ = accounts * opening_balance;
}

// True if the entry is new.
bool Bank::enter(Account& account, const std::string& branch_id, std::string_view op, std::string_view reason) {
    return account.barrier.try_emplace(branch_id + "/" + std::string(op), reason).second;
}

bool Bank::perform(const Arrival& arrival) {
    Account& account = by_gid_[arrival.gid];
    const std::string_view origin = origin_of(arrival.op);
    const bool never_ran = !origin.empty() && enter(account, arrival.branch_id, origin, arrival.op);
    const bool is_first = enter(account, arrival.branch_id, arrival.op, arrival.op);
    if (never_ran || !is_first) return true;
    if (!carry_out(account, arrival, Movement::of(arrival.url))) {
        account.barrier.erase(arrival.branch_id + "/" + arrival.op);  // Its database transaction is rolled back.
        return false;
    }
    check_phases(account.branches[arrival.branch_id], arrival);
    check_ended(arrival.gid, account);
    return true;
}

bool Bank::carry_out(Account& account, const Arrival& arrival, const Movement& movement) {
    const bool back = goes_back(arrival.op);
    if (!has_two_phases(arrival)) {
        // What a workflow's step says must not depend on when it is asked.
        return move(account, movement, back, arrival.trans_type == "workflow");
    }

    const bool first_phase = arrival.op == "try" || arrival.op == "action";
    std::int64_t& balance = balances_.at(static_cast<std::size_t>(movement.account));
    if (first_phase && movement.kind == Movement::Kind::refuse) return false;
    if (movement.kind == Movement::Kind::out) {
        if (first_phase && balance < movement.amount) return false;
        if (first_phase) balance -= movement.amount;
        account.held += first_phase ? movement.amount : -movement.amount;
        if (back) balance += movement.amount;
        if (!first_phase && !back) account.on_its_way += movement.amount;
    }
    if (movement.kind == Movement::Kind::in && !first_phase && !back) {
        balance += movement.amount;
        account.on_its_way -= movement.amount;
    }
    return true;
}

bool Bank::move(Account& account, const Movement& movement, bool back, bool overdraws) {
    std::int64_t& balance = balances_.at(static_cast<std::size_t>(movement.account));
    switch (movement.kind) {
        case Movement::Kind::note: return true;
        case Movement::Kind::refuse: return back;
        case Movement::Kind::out:
            if (!back && !overdraws && balance < movement.amount) return false;
            balance += back ? movement.amount : -movement.amount;
            account.on_its_way += back ? -movement.amount : movement.amount;
            return true;
        case Movement::Kind::in:
            balance += back ? -movement.amount : movement.amount;
            account.on_its_way += back ? movement.amount : -movement.amount;
            return true;
    }
    __builtin_unreachable();
}

void Bank::check_phases(Branch& branch, const Arrival& arrival) {
    const bool second_forward = arrival.op == "confirm" || arrival.op == "commit";
    if (arrival.op == "try" || (has_two_phases(arrival) && arrival.op == "action")) branch.tried = true;
    if (goes_back(arrival.op)) branch.back_done = true;
    if (second_forward) branch.forward_done = true;
    if (second_forward && !branch.tried) {
        complain(arrival.gid, arrival.op + " " + arrival.branch_id + " without a first phase");
    }
    if (has_two_phases(arrival) && branch.forward_done && branch.back_done) {
        complain(arrival.gid, "branch " + arrival.branch_id + " was both confirmed and cancelled");
    }
}

bool Bank::send_locally(const std::string& gid, const Movement& movement) {
    Account& account = by_gid_[gid];
    const bool is_new = enter(account, "00", "msg", "msg");
    if (!is_new) return account.barrier.at("00/msg") == "msg";
    if (move(account, movement, false, false)) return true;
    account.barrier.erase("00/msg");
    return false;
}

bool Bank::was_sent(const std::string& gid) {
    Account& account = by_gid_[gid];
    enter(account, "00", "msg", "rollback");
    return account.barrier.at("00/msg") == "msg";
}

void Bank::ended(const txn::Transaction& row) {
    Account& account = by_gid_[row.gid];
    account.ended = true;
    check_ended(row.gid, account);
    const bool forward = row.status == txn::Status::succeed;
    for (const txn::Branch& branch : row.branches) {
        if (!forward || branch.url.empty() || !goes_forward(branch.op)) continue;
        if (!account.barrier.contains(branch.branch_id + "/" + branch.op)) {
            complain(row.gid, "succeeded, and " + branch.op + " " + branch.branch_id + " was never carried out");
        }
    }
}

void Bank::check_ended(const std::string& gid, const Account& account) {
    if (!account.ended || (account.on_its_way == 0 && account.held == 0)) return;
    complain(gid, "has ended with " + std::to_string(account.on_its_way) + " on its way and " +
                      std::to_string(account.held) + " held");
}

void Bank::complain(const std::string& gid, const std::string& what) const {
    if (!excuses || !excuses(gid)) context_.complain(gid, what);
}

void Bank::check_total() const {
    std::int64_t sum = 0;
    for (const std::int64_t balance : balances_) sum += balance;
    for (const auto& [gid, account] : by_gid_) sum += account.on_its_way + account.held;
    if (sum != total_) {
        context_.complain("bank", "began with " + std::to_string(total_) + " and has " + std::to_string(sum));
    }
}

}  // namespace dtmd::simulation
