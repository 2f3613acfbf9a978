#include "store_contract/backends.h"

namespace dtmd::store::test {

using txn::Status;

TEST_P(Contract, KeepsWhatWasInserted) {
    EXPECT_EQ(apply(insert(saga("g"))), Outcome::ok);
    EXPECT_EQ(load("g"), kept(saga("g")));
    EXPECT_FALSE(exists("h"));
}

TEST_P(Contract, RefusesASecondInsertAndLeavesTheFirstAlone) {
    EXPECT_EQ(apply(insert(saga("g"))), Outcome::ok);
    EXPECT_EQ(apply(insert(tcc("g", at(99)))), Outcome::conflict);
    EXPECT_EQ(load("g"), kept(saga("g")));
}

TEST_P(Contract, UpdatesOnlyFromTheExpectedStatus) {
    apply(insert(saga("g")));
    EXPECT_EQ(apply(turn("g", Status::prepared, Status::aborting)), Outcome::not_found);
    EXPECT_EQ(load("g"), kept(saga("g")));
    EXPECT_EQ(apply(turn("g", Status::submitted, Status::aborting)), Outcome::ok);
    EXPECT_EQ(load("g").status, Status::aborting);
    EXPECT_EQ(apply(turn("g", Status::submitted, Status::succeed)), Outcome::not_found);
    EXPECT_EQ(load("g").status, Status::aborting);
}

TEST_P(Contract, ChangesOnlyTheExpectedMode) {
    apply(insert(tcc("g")));
    auto wrong = turn("g", Status::prepared, Status::aborting);
    wrong.expect_mode = txn::Mode::xa;
    EXPECT_EQ(apply(std::move(wrong)), Outcome::not_found);
    auto wrong_rows = append("g", Status::prepared, {branch("01", "confirm")});
    wrong_rows.expect_mode = txn::Mode::xa;
    EXPECT_EQ(apply(std::move(wrong_rows)), Outcome::not_found);
    EXPECT_EQ(load("g"), tcc("g"));
    auto right = turn("g", Status::prepared, Status::aborting);
    right.expect_mode = txn::Mode::tcc;
    EXPECT_EQ(apply(std::move(right)), Outcome::ok);
}

TEST_P(Contract, UpdatesFromAnyStatusWhenAskedTo) {
    apply(insert(saga("g")));
    auto forced = turn("g", Status::prepared, Status::failed);
    forced.any_status = true;
    EXPECT_EQ(apply(std::move(forced)), Outcome::ok);
    EXPECT_EQ(load("g").status, Status::failed);
}

TEST_P(Contract, FindsNothingToUpdateWhereThereIsNothing) {
    EXPECT_EQ(apply(turn("g", Status::submitted, Status::succeed)), Outcome::not_found);
    EXPECT_EQ(apply(append("g", Status::prepared, {branch("01", "confirm")})), Outcome::not_found);
    auto forced = turn("g", Status::prepared, Status::failed);
    forced.any_status = true;
    EXPECT_EQ(apply(std::move(forced)), Outcome::not_found);
    EXPECT_FALSE(exists("g"));
}

TEST_P(Contract, AnswersEachChangeOfABatchByItself) {
    apply(insert(saga("here")));
    apply(insert(saga("there")));
    std::vector<Mutation> batch;
    batch.push_back(insert(saga("new")));
    batch.push_back(insert(saga("here")));
    batch.push_back(turn("there", Status::submitted, Status::succeed));
    batch.push_back(turn("nowhere", Status::submitted, Status::succeed));
    batch.push_back(insert(saga("newer")));
    const std::vector<Outcome> expected{Outcome::ok, Outcome::conflict, Outcome::ok, Outcome::not_found, Outcome::ok};
    EXPECT_EQ(apply(std::move(batch)), expected);

    EXPECT_EQ(load("new"), kept(saga("new")));
    EXPECT_EQ(load("here"), kept(saga("here")));
    EXPECT_EQ(load("there").status, Status::succeed);
    EXPECT_FALSE(exists("nowhere"));
    EXPECT_EQ(load("newer"), kept(saga("newer")));
}

TEST_P(Contract, TakesAnEmptyBatch) { EXPECT_TRUE(apply(std::vector<Mutation>()).empty()); }

TEST_P(Contract, ChangesTheFieldsThatAreSetAndNoOthers) {
    apply(insert(saga("g")));
    Patch patch;
    patch.update_time = at(2);
    patch.retry_count = 1;
    patch.rows.push_back({.row = 1,
                          .status = txn::BranchStatus::succeed,
                          .update_time = at(3),
                          .finish_time = at(4),
                          .attempts = 5,
                          .last_error = "late",
                          .first_call = at(6),
                          .last_call = at(7)});
    EXPECT_EQ(apply(update("g", Status::submitted, patch)), Outcome::ok);

    auto expected = saga("g");
    expected.update_time = at(2);
    expected.retry_count = 1;
    auto& row = expected.branches[1];
    row.status = txn::BranchStatus::succeed;
    row.update_time = at(3);
    row.finish_time = at(4);
    row.attempts = 5;
    row.last_error = "late";
    row.first_call = at(6);
    row.last_call = at(7);
    EXPECT_EQ(load("g"), kept(expected));
}

TEST_P(Contract, ChangesEveryFieldOfAPatch) {
    apply(insert(saga("g")));
    const auto wanted = full("g");
    const Patch patch{.status = wanted.status,
                      .rollback_reason = wanted.rollback_reason,
                      .result = wanted.result,
                      .custom_data = wanted.custom_data,
                      .options = wanted.options,
                      .finish_time = wanted.finish_time,
                      .rollback_time = wanted.rollback_time,
                      .not_before = wanted.not_before,
                      .next_cron_interval = wanted.next_cron_interval,
                      .retry_count = wanted.retry_count,
                      .next_cron_time = wanted.next_cron_time,
                      .update_time = wanted.update_time,
                      .rows = {}};
    EXPECT_EQ(apply(update("g", Status::submitted, patch)), Outcome::ok);

    auto expected = wanted;
    const auto original = saga("g");
    expected.mode = original.mode;
    expected.protocol = original.protocol;
    expected.payloads = original.payloads;
    expected.query_prepared = original.query_prepared;
    expected.create_time = original.create_time;
    expected.owner = original.owner;
    expected.ext_data = original.ext_data;
    expected.branches = original.branches;
    EXPECT_EQ(load("g"), kept(expected));
}

TEST_P(Contract, EmptiesTextsThatAreSetToNothing) {
    apply(insert(full("g")));
    Patch patch;
    patch.rollback_reason = patch.result = patch.custom_data = "";
    patch.options = txn::Options{};
    EXPECT_EQ(apply(update("g", Status::aborting, patch)), Outcome::ok);
    const auto stored = load("g");
    EXPECT_EQ(stored.rollback_reason + stored.result + stored.custom_data, "");
    EXPECT_EQ(stored.options, txn::Options{});
}

TEST_P(Contract, RefusesAPatchOfARowThatDoesNotExist) {
    apply(insert(saga("g")));
    Patch patch;
    patch.status = Status::succeed;
    patch.rows.push_back({.row = 0, .status = txn::BranchStatus::succeed});
    patch.rows.push_back({.row = 4, .status = txn::BranchStatus::succeed});
    EXPECT_EQ(apply(update("g", Status::submitted, patch)), Outcome::not_found);
    EXPECT_EQ(load("g"), kept(saga("g")));
}

TEST_P(Contract, KeepsEverythingOverAReopening) {
    apply(insert(full("g")));
    apply(insert(tcc("t")));
    apply(append("t", Status::prepared, {branch("01", "confirm"), branch("01", "cancel")}));
    apply(turn("t", Status::prepared, Status::aborting));
    const auto before = load("t");
    reopen();
    EXPECT_EQ(load("g"), kept(full("g")));
    EXPECT_EQ(load("t"), before);
}

}  // namespace dtmd::store::test
