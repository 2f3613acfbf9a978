#include "store_contract/backends.h"

// What keeps a node that has lost a transaction unnoticed from writing over what its successor did.
namespace dtmd::store::test {

using txn::BranchStatus;
using txn::Status;

class Leases : public Contract {
protected:
    void SetUp() override {
        if (!GetParam().fences) GTEST_SKIP() << "this store does not check Mutation::expect_lease yet: see backend.h";
        Contract::SetUp();
    }

    Mutation renewal(Time expected, Time lease) {
        Mutation change = turn("g", Status::submitted, Status::submitted);
        change.patch.next_cron_time = lease;
        change.expect_lease = expected;
        return change;
    }

    Mutation result(BranchStatus status) {
        Mutation change = turn("g", Status::submitted, Status::submitted);
        change.patch.rows.push_back({.row = 1, .status = status, .update_time = at(7), .attempts = 3});
        return change;
    }
};

TEST_P(Leases, OnlyWhoHasTheLeaseWrites) {
    apply(insert(saga("g", at(5'000))));
    EXPECT_EQ(apply(renewal(at(4'000), at(9'000))), Outcome::not_found);
    EXPECT_EQ(load("g").next_cron_time, at(5'000));
    EXPECT_EQ(apply(renewal(at(5'000), at(9'000))), Outcome::ok);
    EXPECT_EQ(load("g").next_cron_time, at(9'000));
}

TEST_P(Leases, AClaimTakesTheLeaseAway) {
    apply(insert(saga("g", at(5'000))));
    const auto claims = backend->claim_due(at(6'000), at(20'000), 10);
    ASSERT_TRUE(claims);
    ASSERT_EQ(gids(claims->transactions), std::vector<std::string>{"g"});
    EXPECT_EQ(apply(renewal(at(5'000), at(9'000))), Outcome::not_found);
    EXPECT_EQ(apply(renewal(claims->transactions.front().next_cron_time, at(30'000))), Outcome::ok);
}

TEST_P(Leases, AResultThatIsStoredStays) {
    apply(insert(saga("g")));
    EXPECT_EQ(apply(result(BranchStatus::succeed)), Outcome::ok);
    EXPECT_EQ(apply(result(BranchStatus::prepared)), Outcome::ok);
    EXPECT_EQ(load("g").branches.at(1).status, BranchStatus::succeed);
}

INSTANTIATE_TEST_SUITE_P(Stores, Leases, testing::ValuesIn(candidates()),
                         [](const auto& info) { return info.param.name; });

}  // namespace dtmd::store::test
