#include "store/redis/rebuild.h"

#include <algorithm>

namespace dtmd::store::redis {
namespace {

using txn::Branch, txn::Mode, txn::Step, txn::Transaction;

bool is_step_of_saga(const Branch& compensate, const Branch& action) {
    return compensate.op == txn::op::compensate && action.op == txn::op::action &&
           compensate.branch_id == action.branch_id;
}

// How many rows make up step `steps`, which begins at `row`; 0: none do.
std::size_t rows_of_step(const Transaction& transaction, std::size_t row, std::size_t rows) {
    const auto& branches = transaction.branches;
    if (transaction.mode == Mode::saga) {
        return row + 1 < rows && is_step_of_saga(branches[row], branches[row + 1]) ? 2 : 0;
    }
    // A topic's branches have ids of their own, and which topic it was they don't say.
    const bool is_plain = branches[row].op == txn::op::action && branches[row].branch_id.size() == 2;
    return transaction.mode == Mode::message && is_plain ? 1 : 0;
}

bool same(const Step& step, const Branch& action, const Branch* compensate) {
    const auto& members = step.members;
    if (members.size() != (compensate ? 2u : 1u)) return false;
    if (members[0].first != "action" || members[0].second != action.url) return false;
    return !compensate || (members[1].first == "compensate" && members[1].second == compensate->url);
}

}  // namespace

void rebuild_steps(Transaction& transaction, std::size_t rows) {
    transaction.steps.clear();
    transaction.payloads.clear();
    rows = std::min(rows, transaction.branches.size());
    for (std::size_t row = 0; row < rows;) {
        const std::size_t size = rows_of_step(transaction, row, rows);
        if (size == 0) {
            transaction.steps.clear();
            transaction.payloads.clear();
            return;
        }
        const Branch& action = transaction.branches[row + size - 1];
        Step step{{{"action", action.url}}};
        if (size == 2) step.members.emplace_back("compensate", transaction.branches[row].url);
        transaction.steps.push_back(std::move(step));
        transaction.payloads.push_back(action.body);
        row += size;
    }
}

bool can_rebuild(const Transaction& transaction) {
    const auto& branches = transaction.branches;
    std::size_t step = 0;
    for (std::size_t row = 0; row < branches.size(); ++step) {
        const std::size_t size = rows_of_step(transaction, row, branches.size());
        if (size == 0) return transaction.steps.empty() && transaction.payloads.empty();
        if (step >= transaction.steps.size() || step >= transaction.payloads.size()) return false;
        const Branch& action = branches[row + size - 1];
        if (!same(transaction.steps[step], action, size == 2 ? &branches[row] : nullptr)) return false;
        if (transaction.payloads[step] != action.body) return false;
        row += size;
    }
    return step == transaction.steps.size() && step == transaction.payloads.size();
}

}  // namespace dtmd::store::redis
