#include "transaction_checks.h"

#include "api/json/objects.h"
#include "api/json/requests.h"
#include "store/redis/codec.h"
#include "store/rocksdb/codec.h"
#include "store/sql/limits.h"
#include "store/sql/row.h"
#include "target.h"
#include "txn/decide.h"

#include <algorithm>

namespace dtmd::fuzz {
namespace {

using txn::Transaction;

constexpr Time submitted_at{Millis{1'800'000'000'000}};

std::optional<std::vector<std::string>> subscribers(std::string_view topic) {
    if (topic == "none") return std::nullopt;
    if (topic == "empty") return std::vector<std::string>();
    return std::vector<std::string>{"http://one/a", "http://two/b", "grpc:9/x.Y/z"};
}

std::string shown(const Transaction& transaction) {
    std::string text;
    api::append_transaction(text, transaction);
    return text;
}

void check_same_branches(const Transaction& got, const Transaction& expected) {
    check(got.branches.size() == expected.branches.size(), "a store keeps all branches");
    for (std::size_t i = 0; i < got.branches.size(); ++i) {
        const txn::Branch &read = got.branches[i], &written = expected.branches[i];
        check_equal(read.branch_id, written.branch_id, "a store keeps a branch's id");
        check_equal(read.op, written.op, "a store keeps a branch's op");
        check_equal(read.url, written.url, "a store keeps a branch's URL");
        check_equal(read.body, written.body, "a store keeps a branch's body");
    }
}

void check_same(const Transaction& got, const Transaction& expected) {
    check_equal(got.gid, expected.gid, "a store keeps the gid");
    check(got.mode == expected.mode && got.status == expected.status, "a store keeps mode and status");
    check_equal(got.protocol, expected.protocol, "a store keeps the protocol");
    check_equal(got.query_prepared, expected.query_prepared, "a store keeps query_prepared");
    check_equal(got.custom_data, expected.custom_data, "a store keeps custom_data");
    check(got.options == expected.options, "a store keeps the options");
    check(got.not_before == expected.not_before, "a store keeps the first moment");
    check_same_branches(got, expected);
}

void check_rocksdb(const Transaction& transaction) {
    proto::Fixed fixed;
    proto::State state;
    store::rocks::encode_fixed(transaction, fixed);
    store::rocks::encode_state(transaction, state);
    proto::Fixed read_fixed;
    proto::State read_state;
    check(read_fixed.ParseFromString(fixed.SerializeAsString()), "what is written can be read");
    check(read_state.ParseFromString(state.SerializeAsString()), "what is written can be read");
    auto branches = store::rocks::decode_fixed_branches(read_fixed);
    store::rocks::decode_rows(read_state, branches);
    Transaction read = store::rocks::decode_head(transaction.gid, read_fixed, read_state);
    read.branches = std::move(branches);
    read.saga_concurrent = transaction.saga_concurrent;
    read.orders = transaction.orders;
    read.workflow_name = transaction.workflow_name;
    read.workflow_data = transaction.workflow_data;
    check(read == transaction, "the embedded store keeps everything");
}

void check_redis(const Transaction& transaction) {
    store::redis::Stored stored{.gid = transaction.gid,
                                .global = store::redis::encode_global(transaction),
                                .status = std::string(txn::name(transaction.status)),
                                .score = {},
                                .branches = {}};
    check(store::redis::is_ours(stored.global), "a text of ours can be told as ours");
    for (const auto& branch : transaction.branches) {
        stored.branches.push_back(store::redis::encode_branch(transaction.gid, branch));
    }
    const auto read = store::redis::decode(stored);
    check(read.has_value(), "what is written can be read");
    check_same(*read, transaction);
}

void check_sql(const Transaction& transaction) {
    const store::sql::Limits limits;
    auto row = store::sql::global_row(transaction, limits.extra_bytes());
    if (!store::sql::why_refused(row, limits).empty()) return;
    std::vector<store::sql::BranchRow> rows;
    for (const auto& branch : transaction.branches) {
        rows.push_back(store::sql::branch_row(transaction.gid, branch));
        if (!store::sql::why_refused(rows.back(), limits).empty()) return;
    }
    const auto read = store::sql::read_rows(std::move(row), std::move(rows));
    check(read.has_value(), "what is written can be read");
    check_same(*read, transaction);
}

// The rules are asked once more than anything sensible needs: each row called and answered a few times.
class Run {
public:
    Run(Transaction& transaction, std::string_view answers) : transaction_(transaction), answers_(answers) {}

    void to_the_end() {
        std::size_t steps = 40 + 12 * transaction_.branches.size();
        while (!txn::is_final(transaction_.status) && steps-- > 0) {
            if (!step()) return;
        }
    }

private:
    // False: only its client can say how it goes on.
    bool step() {
        const txn::Decision decision = txn::decide(transaction_, live_, now_, policy_);
        if (decision.turn) {
            check(decision.calls.empty() && !decision.check_back, "with a turn there are no calls");
            check(decision.turn->to != transaction_.status, "a turn leads elsewhere");
            transaction_.status = decision.turn->to;
            txn::apply_turn(transaction_, live_, *decision.turn, now_);
            return true;
        }
        for (const std::size_t row : decision.calls) answer(row);
        if (decision.check_back) {
            txn::apply_check_answer(transaction_, live_, next_answer(), now_, policy_, 0.5);
        }
        if (!decision.calls.empty() || decision.check_back) return true;
        if (!decision.wake) return false;
        check(*decision.wake > now_, "a moment to wait for lies in the future");
        now_ = *decision.wake;
        return true;
    }

    void answer(std::size_t row) {
        check(row < transaction_.branches.size(), "only a branch can be called");
        // One that has failed is called again, as on its way back, whether or not there is somebody to call.
        check(transaction_.branches[row].status != txn::BranchStatus::succeed, "a call is still needed");
        txn::apply_answer(transaction_, live_, row, next_answer(), "so it was answered", now_, policy_, 0.5);
    }

    txn::Answer next_answer() {
        return static_cast<txn::Answer>(static_cast<unsigned char>(take_letter(answers_)) % 4);
    }

    Transaction& transaction_;
    std::string_view answers_;
    txn::Policy policy_;
    txn::Live live_ = txn::make_live(transaction_, policy_);
    Time now_ = submitted_at;
};

}  // namespace

bool take_in(Transaction& transaction) {
    transaction.create_time = transaction.update_time = submitted_at;
    const bool goes_at_once = transaction.mode == txn::Mode::saga || transaction.mode == txn::Mode::message;
    transaction.status = goes_at_once ? txn::Status::submitted : txn::Status::prepared;
    txn::Complaint complaint = txn::check_options(transaction);
    if (complaint.empty()) complaint = txn::make_branches(transaction, subscribers);
    if (complaint.empty()) complaint = txn::parse_custom_data(transaction);
    if (complaint.empty()) return true;
    check_message(complaint);
    return false;
}

void check_shown(const Transaction& transaction) {
    const std::string text = shown(transaction);
    check_json(text, "a transaction is shown as JSON");
    std::string branches;
    api::append_branches(branches, transaction);
    check_json(branches, "branches are shown as JSON");
    branches.clear();
    api::append_branches_with_attempts(branches, transaction);
    check_json(branches, "branches with their attempts are shown as JSON");

    auto read = api::read_transaction(text);
    check(read.has_value(), "a transaction that is shown can be submitted again");
    Transaction& again = read->transaction;
    again.status = transaction.status;
    again.create_time = transaction.create_time;
    again.update_time = transaction.update_time;
    again.not_before = transaction.not_before;
    check_equal(shown(again), text, "a transaction that was shown says the same when it is shown again");
}

void check_stored(const Transaction& transaction) {
    check_rocksdb(transaction);
    check_redis(transaction);
    check_sql(transaction);
}

void check_run(Transaction transaction, std::string_view answers) { Run(transaction, answers).to_the_end(); }

void check_registration(const txn::Registration& registration) {
    std::vector<txn::Branch> rows;
    const auto complaint = txn::make_rows(registration, submitted_at, rows);
    if (!complaint.empty()) {
        check_message(complaint);
        return check(rows.empty(), "what is refused leaves nothing");
    }
    check(!rows.empty(), "what is registered has rows");
    Transaction transaction;
    transaction.gid = registration.gid;
    transaction.mode = registration.mode;
    transaction.create_time = transaction.update_time = submitted_at;
    transaction.branches = std::move(rows);
    std::string text;
    api::append_branches(text, transaction);
    check_json(text, "branches are shown as JSON");
    check_stored(transaction);
    transaction.status = txn::Status::submitted;
    check_run(transaction, "");
}

}  // namespace dtmd::fuzz
