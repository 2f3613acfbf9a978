#include "store_contract/backends.h"

namespace dtmd::store::test {

using txn::Status;

TEST_P(Contract, AppendsRowsInOrder) {
    apply(insert(tcc("g")));
    std::vector<txn::Branch> expected;
    for (const char* id : {"02", "01", "03"}) {
        const std::vector<txn::Branch> rows{branch(id, "confirm"), branch(id, "cancel")};
        EXPECT_EQ(apply(append("g", Status::prepared, rows)), Outcome::ok);
        expected.insert(expected.end(), rows.begin(), rows.end());
    }
    EXPECT_EQ(load("g").branches, expected);
}

TEST_P(Contract, AppendsBehindTheRowsOfTheInsert) {
    apply(insert(saga("g")));
    EXPECT_EQ(apply(append("g", Status::submitted, {branch("03", "action")})), Outcome::ok);
    auto expected = saga("g").branches;
    expected.push_back(branch("03", "action"));
    EXPECT_EQ(load("g").branches, expected);
}

TEST_P(Contract, AppendsOnlyInTheExpectedStatus) {
    apply(insert(tcc("g")));
    EXPECT_EQ(apply(append("g", Status::submitted, {branch("01", "confirm")})), Outcome::not_found);
    EXPECT_TRUE(load("g").branches.empty());
}

TEST_P(Contract, RefusesRowsThatAreThereAlreadyAsAWhole) {
    apply(insert(saga("g")));
    apply(append("g", Status::submitted, {branch("03", "action")}));
    const auto before = load("g");
    EXPECT_EQ(apply(append("g", Status::submitted, {branch("04", "action"), branch("01", "action")})),
              Outcome::conflict)
        << "a row of the insert";
    EXPECT_EQ(apply(append("g", Status::submitted, {branch("04", "action"), branch("03", "action")})),
              Outcome::conflict)
        << "an appended row";
    EXPECT_EQ(apply(append("g", Status::submitted, {branch("04", "action"), branch("04", "action")})),
              Outcome::conflict)
        << "twice in one change";
    EXPECT_EQ(load("g"), before);
    EXPECT_EQ(apply(append("g", Status::submitted, {branch("03", "compensate")})), Outcome::ok);
}

TEST_P(Contract, ChangesRowsThatWereAppended) {
    apply(insert(tcc("g")));
    apply(append("g", Status::prepared, {branch("01", "confirm"), branch("01", "cancel")}));
    Patch patch;
    patch.rows.push_back({.row = 1, .status = txn::BranchStatus::succeed, .attempts = 1});
    EXPECT_EQ(apply(update("g", Status::prepared, patch)), Outcome::ok);
    EXPECT_EQ(load("g").branches[0], branch("01", "confirm"));
    EXPECT_EQ(load("g").branches[1].status, txn::BranchStatus::succeed);
}

// protocol.md W11: dtm's embedded store mixes the rows of "a" and "a0", and those beyond 999.
TEST_P(Contract, KeepsGidsApartThatBeginAlike) {
    const std::vector<std::string> names{"a", "a0", "a00", "a!", "a" + last_letter(), "a-1", "A"};
    for (const auto& gid : names) apply(insert(tcc(gid)));
    for (int i = 0; i < 3; ++i) {
        for (const auto& gid : names) {
            EXPECT_EQ(apply(append(gid, Status::prepared, {branch(std::to_string(i), gid)})), Outcome::ok);
        }
    }
    for (const auto& gid : names) {
        const auto stored = load(gid);
        ASSERT_EQ(stored.branches.size(), 3u) << gid;
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(stored.branches[static_cast<std::size_t>(i)], branch(std::to_string(i), gid));
        }
    }
}

TEST_P(Contract, KeepsMoreThanAThousandRowsInOrder) {
    apply(insert(tcc("g")));
    apply(insert(tcc("g1")));
    constexpr std::size_t count = 1203;
    for (std::size_t i = 0; i < count;) {
        std::vector<txn::Branch> rows;
        for (std::size_t end = std::min(count, i + 100); i < end; ++i) {
            rows.push_back(branch(std::to_string(i), "confirm"));
        }
        ASSERT_EQ(apply(append("g", Status::prepared, rows)), Outcome::ok);
    }
    apply(append("g1", Status::prepared, {branch("0", "confirm")}));

    Patch patch;
    patch.rows.push_back({.row = count - 1, .status = txn::BranchStatus::failed});
    EXPECT_EQ(apply(update("g", Status::prepared, patch)), Outcome::ok);

    const auto stored = load("g");
    ASSERT_EQ(stored.branches.size(), count);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(stored.branches[i].branch_id, std::to_string(i));
    EXPECT_EQ(stored.branches.back().status, txn::BranchStatus::failed);
    EXPECT_EQ(load("g1").branches.size(), 1u);
}

}  // namespace dtmd::store::test
