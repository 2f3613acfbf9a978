#include "store_contract/backends.h"

#include <algorithm>
#include <set>
#include <thread>

namespace dtmd::store::test {

using txn::Status;
using Names = std::vector<std::string>;

namespace {

Claims claim(Backend& backend, Time due, Time lease_until, std::size_t limit) {
    auto claims = backend.claim_due(due, lease_until, limit);
    EXPECT_TRUE(claims) << claims.error().what;
    return claims ? *std::move(claims) : Claims{};
}

}  // namespace

TEST_P(Contract, ClaimsTheLongestOverdueFirstAndNoMoreThanAsked) {
    for (const int due : {30, 10, 20, 50, 40}) apply(insert(saga("due" + std::to_string(due), at(due))));
    const auto first = claim(*backend, at(40), at(1000), 3);
    EXPECT_EQ(gids(first.transactions), (Names{"due10", "due20", "due30"}));
    const auto second = claim(*backend, at(40), at(1000), 3);
    EXPECT_EQ(gids(second.transactions), (Names{"due40"}));
    if (second.next_due) EXPECT_EQ(*second.next_due, at(50));
    EXPECT_TRUE(claim(*backend, at(49), at(1000), 3).transactions.empty());
    EXPECT_EQ(gids(claim(*backend, at(50), at(1000), 3).transactions), (Names{"due50"}));
}

TEST_P(Contract, ClaimsWholeTransactionsWithTheLeaseSet) {
    apply(insert(tcc("g", at(10))));
    apply(append("g", Status::prepared, {branch("01", "confirm"), branch("01", "cancel")}));
    auto expected = load("g");
    expected.next_cron_time = at(500);
    const auto claims = claim(*backend, at(10), at(500), 10);
    ASSERT_EQ(claims.transactions.size(), 1u);
    EXPECT_EQ(claims.transactions.front(), expected);
    EXPECT_EQ(load("g"), expected);
}

TEST_P(Contract, ClaimsAgainWhenTheLeaseHasRunOut) {
    apply(insert(saga("g", at(10))));
    EXPECT_EQ(claim(*backend, at(10), at(500), 10).transactions.size(), 1u);
    EXPECT_TRUE(claim(*backend, at(499), at(900), 10).transactions.empty());
    EXPECT_EQ(claim(*backend, at(500), at(900), 10).transactions.size(), 1u);
    reopen();
    EXPECT_TRUE(claim(*backend, at(899), at(2000), 10).transactions.empty());
    EXPECT_EQ(claim(*backend, at(900), at(2000), 10).transactions.size(), 1u);
}

TEST_P(Contract, NeverClaimsWhatHasFinished) {
    apply(insert(saga("done", at(10))));
    apply(insert(saga("undone", at(10))));
    apply(turn("done", Status::submitted, Status::succeed));
    apply(turn("undone", Status::submitted, Status::failed));
    EXPECT_TRUE(claim(*backend, at(100'000), at(200'000), 10).transactions.empty());
}

TEST_P(Contract, ClaimsByTheNewestDueTime) {
    apply(insert(saga("g", at(10))));
    for (const int due : {500, 20, 300}) {
        Patch patch;
        patch.next_cron_time = at(due);
        apply(update("g", Status::submitted, patch));
        EXPECT_TRUE(claim(*backend, at(due - 1), at(9000), 10).transactions.empty());
    }
    EXPECT_EQ(claim(*backend, at(300), at(9000), 10).transactions.size(), 1u);
}

TEST_P(Contract, SeesWhatBecameDueEarlierThanWhatWasClaimed) {
    apply(insert(saga("late", at(100))));
    EXPECT_EQ(claim(*backend, at(200), at(5000), 10).transactions.size(), 1u);
    apply(insert(saga("early", at(1))));
    EXPECT_EQ(gids(claim(*backend, at(200), at(5000), 10).transactions), Names{"early"});
    Patch patch;
    patch.next_cron_time = at(2);
    apply(update("late", Status::submitted, patch));
    EXPECT_EQ(gids(claim(*backend, at(200), at(5000), 10).transactions), Names{"late"});
}

TEST_P(Contract, GivesATransactionToOneClaimerOnly) {
    constexpr std::size_t count = 400;
    for (std::size_t i = 0; i < count; ++i) apply(insert(saga("g" + std::to_string(i), at(1))));
    std::vector<Names> taken(4);
    std::vector<std::thread> claimers;
    for (auto& mine : taken) {
        claimers.emplace_back([&] {
            const auto own = factory();
            while (true) {
                const auto claims = own->claim_due(at(10), at(60'000), 7);
                if (!claims || claims->transactions.empty()) return;
                for (const auto& transaction : claims->transactions) mine.push_back(transaction.gid);
            }
        });
    }
    for (auto& thread : claimers) thread.join();
    std::multiset<std::string> all;
    for (const auto& mine : taken) all.insert(mine.begin(), mine.end());
    EXPECT_EQ(all.size(), count);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), count);
}

TEST_P(Contract, ResetsWhatSleepsTooLong) {
    for (const int due : {10, 100, 200, 300}) apply(insert(saga("due" + std::to_string(due), at(due))));
    apply(insert(saga("done", at(400))));
    apply(turn("done", Status::submitted, Status::succeed));

    const auto first = backend->reset_due(at(100), at(5), 1);
    ASSERT_TRUE(first);
    EXPECT_EQ(*first, std::pair(std::size_t{1}, true));
    const auto rest = backend->reset_due(at(100), at(5), 10);
    ASSERT_TRUE(rest);
    EXPECT_EQ(*rest, std::pair(std::size_t{1}, false));
    EXPECT_EQ(claim(*backend, at(5), at(5000), 10).transactions.size(), 2u);
    EXPECT_EQ(load("due100").next_cron_time, at(100));
    EXPECT_EQ(*backend->reset_due(at(10'000), at(5), 10), std::pair(std::size_t{0}, false));
}

TEST_P(Contract, ExpiresWhatFinishedLongAgoWithAllItsRows) {
    for (const char* gid : {"a", "a0", "open"}) {
        apply(insert(tcc(gid)));
        apply(append(gid, Status::prepared, {branch("01", "confirm"), branch("01", "cancel")}));
    }
    apply(insert(saga("s")));
    apply(turn("a", Status::prepared, Status::failed, at(100)));
    apply(turn("a0", Status::prepared, Status::succeed, at(200)));
    apply(turn("s", Status::submitted, Status::succeed, at(150)));

    EXPECT_EQ(*backend->expire(at(100), 10), 0u);
    EXPECT_EQ(*backend->expire(at(200), 1), 1u);
    EXPECT_NE(exists("a"), exists("s")) << "which goes first is the store's own affair";
    EXPECT_EQ(load("a0").branches.size(), 2u);
    EXPECT_EQ(*backend->expire(at(200), 10), 1u);
    EXPECT_FALSE(exists("a") || exists("s"));
    EXPECT_EQ(*backend->expire(at(200), 10), 0u);
    auto left = gids(backend->list({}, "", 10)->transactions);
    std::ranges::sort(left);  // They were created at one moment.
    EXPECT_EQ(left, (Names{"a0", "open"}));
    EXPECT_EQ(load("open").branches.size(), 2u);

    EXPECT_EQ(apply(insert(tcc("a"))), Outcome::ok) << "the gid is free again";
    EXPECT_TRUE(load("a").branches.empty());
}

}  // namespace dtmd::store::test
