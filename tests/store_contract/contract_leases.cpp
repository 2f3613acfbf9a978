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

// An operator's reset takes a lease back whose holder may sleep, and the next one may end when that one would have.
TEST_P(Leases, OneThatWasTakenBackIsNotTakenForTheNext) {
    apply(insert(saga("g", at(5'000))));
    ASSERT_EQ(backend->reset_due(at(1'000), at(0), 10)->first, 1u);
    const Time next = GetParam().keeps_owners ? at(5'000) : at(5'000) + Millis{1};
    const auto claims = backend->claim_due(at(10), next, 10);
    ASSERT_EQ(gids(claims->transactions), std::vector<std::string>{"g"});
    const auto& claimed = claims->transactions.front();
    EXPECT_EQ(apply(renewal(at(5'000), at(9'000))), Outcome::not_found);

    Mutation own = renewal(claimed.next_cron_time, at(9'000));
    own.expect_owner = claimed.owner;
    EXPECT_EQ(apply(own), Outcome::ok);
    EXPECT_EQ(load("g").owner, claimed.owner);
}

TEST_P(Leases, OneThatWasTakenBackAloneIsNotTakenForTheNext) {
    apply(insert(saga("g", at(5'000))));
    Mutation reset = turn("g", Status::submitted, Status::submitted);
    reset.any_status = true;
    reset.patch.next_cron_time = at(1);
    reset.patch.owner = "taken back";
    EXPECT_EQ(apply(reset), Outcome::ok);
    const Time next = GetParam().keeps_owners ? at(5'000) : at(5'000) + Millis{1};
    ASSERT_EQ(backend->claim_due(at(10), next, 10)->transactions.size(), 1u);
    EXPECT_EQ(load("g").owner, GetParam().keeps_owners ? "taken back" : "");
    EXPECT_EQ(apply(renewal(at(5'000), at(9'000))), Outcome::not_found);
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
