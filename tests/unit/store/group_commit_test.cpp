#include "unit/store/fakes.h"

namespace dtmd::store::test {

using Names = std::vector<std::string>;

TEST_F(GroupCommit, WritesALoneChangeAtOnce) {
    start();
    send("a");
    ASSERT_TRUE(run_until_answered(1));
    EXPECT_EQ(outcomes["a:"], Outcome::ok);
    EXPECT_EQ(database.batches.size(), 1u);
    EXPECT_EQ(metrics.written, 1u);
    EXPECT_EQ(metrics.changes, 1u);
}

TEST_F(GroupCommit, GathersWhatComesWhileABatchIsBeingWritten) {
    database.close();
    start();
    send("first");
    ASSERT_TRUE(database.wait_for_waiting(1));
    for (int i = 0; i < 10; ++i) send("g" + std::to_string(i));
    send("missing");
    database.open();
    ASSERT_TRUE(run_until_answered(12));
    ASSERT_EQ(database.batches.size(), 2u);
    EXPECT_EQ(database.batches[1].size(), 11u);
    EXPECT_EQ(outcomes["g9:"], Outcome::ok);
    EXPECT_EQ(outcomes["missing:"], Outcome::not_found);
}

TEST_F(GroupCommit, WritesNoMoreThanMaxBatchAtOnce) {
    database.close();
    start({.max_batch = 4});
    send("first");
    ASSERT_TRUE(database.wait_for_waiting(1));
    for (int i = 0; i < 10; ++i) send("g" + std::to_string(i));
    database.open();
    ASSERT_TRUE(run_until_answered(11));
    std::vector<std::size_t> sizes;
    for (const auto& batch : database.batches) sizes.push_back(batch.size());
    EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 4, 4, 2}));
}

TEST_F(GroupCommit, KeepsTheOrderOfOneGidInBatchesOfItsOwn) {
    database.close();
    start();
    send("first");
    ASSERT_TRUE(database.wait_for_waiting(1));
    send("a", "1");
    send("b", "1");
    send("a", "2");
    send("c", "1");
    send("a", "3");
    database.open();
    ASSERT_TRUE(run_until_answered(6));
    EXPECT_EQ(database.batches, (std::vector<Names>{{"first:"}, {"a:1", "b:1", "c:1"}, {"a:2"}, {"a:3"}}));
}

TEST_F(GroupCommit, AnswersOnEachHomeLoopWithOneTaskPerBatch) {
    FakeLoop other;
    database.close();
    start();
    send("first");
    ASSERT_TRUE(database.wait_for_waiting(1));
    for (int i = 0; i < 6; ++i) send("g" + std::to_string(i), "", i % 2 == 0 ? &loop : &other);
    EXPECT_EQ(loop.posts() + other.posts(), 0u);
    database.open();
    ASSERT_TRUE(run_until_answered(4));
    EXPECT_EQ(loop.posts(), 2u);
    ASSERT_TRUE(other.run_until([&] { return outcomes.size() == 7; }));
    EXPECT_EQ(other.posts(), 1u);
    store.reset();  // Before the loop that it posts to.
}

TEST_F(GroupCommit, AnswersNobodyInsideTheCall) {
    start();
    bool answered = false;
    store->apply(loop, change("a"), [&](Outcome) { answered = true; });
    store.reset();  // Joins: by now everything has been written.
    EXPECT_FALSE(answered);
    EXPECT_TRUE(loop.run_until([&] { return answered; }));
}

TEST_F(GroupCommit, TellsTheOthersWhenOneCallbackThrows) {
    database.close();
    start();
    send("first");
    ASSERT_TRUE(database.wait_for_waiting(1));
    send("a");
    store->apply(loop, change("b"), [](Outcome) { throw std::runtime_error("callback"); });
    send("c");
    database.open();
    ASSERT_TRUE(run_until_answered(3));
    EXPECT_EQ(loop.thrown, Names{"callback"});
}

TEST_F(GroupCommit, WritesAndAnswersWhatIsQueuedWhenDestroyed) {
    database.close();
    start({.max_batch = 3});
    for (int i = 0; i < 20; ++i) send("g" + std::to_string(i));
    std::optional<Outcome> created;
    store->kv_create(loop, {}, [&](Result<Outcome> outcome) { created = *outcome; });
    std::size_t loaded = 0;
    for (int i = 0; i < 5; ++i) store->load(loop, "g", [&](auto) { ++loaded; });
    ASSERT_TRUE(database.wait_for_waiting(1));
    std::thread opener([&] { database.open(); });
    store.reset();
    opener.join();
    ASSERT_TRUE(run_until_answered(20));
    EXPECT_TRUE(loop.run_until([&] { return created && loaded == 5; }));
    EXPECT_EQ(database.rows.size(), 20u);
}

TEST_F(GroupCommit, DoesNotLetALoadWaitForAListing) {
    database.close();
    start();
    bool listed = false, loaded = false;
    store->list(loop, {}, "", 10, [&](auto) { listed = true; });
    ASSERT_TRUE(database.wait_for_waiting(1));
    store->load(loop, "g",
                [&](Result<std::optional<txn::Transaction>> found) { loaded = found && (*found)->gid == "g"; });
    EXPECT_TRUE(loop.run_until([&] { return loaded; }));
    EXPECT_FALSE(listed);
    database.open();
    EXPECT_TRUE(loop.run_until([&] { return listed; }));
    EXPECT_EQ(metrics.reads, 2u);
}

TEST_F(GroupCommit, PassesEveryCallOnAndItsAnswerBack) {
    start({.exclusive = true});
    EXPECT_TRUE(store->is_exclusive());
    int answers = 0;
    const auto answered = [&](bool right) {
        EXPECT_TRUE(right);
        ++answers;
    };
    store->claim_due(loop, {}, {}, 5, [&](auto claims) { answered(claims && claims->transactions.empty()); });
    store->reset_due(loop, {}, {}, 5,
                     [&](auto moved) { answered(moved && *moved == std::pair(std::size_t{5}, true)); });
    store->counts(loop, [&](auto counts) { answered(counts && counts->unfinished == 3); });
    store->kv_scan(loop, "c", "", 1, [&](auto page) { answered(page && page->items.empty()); });
    store->kv_find(loop, "c", "k", [&](auto found) { answered(found && (*found)->key == "k"); });
    store->kv_create(loop, {}, [&](auto outcome) { answered(outcome && *outcome == Outcome::ok); });
    store->kv_update(loop, {}, [&](auto outcome) { answered(outcome && *outcome == Outcome::conflict); });
    store->kv_delete(loop, "c", "k", [&](auto outcome) { answered(outcome && *outcome == Outcome::not_found); });
    store->ping(loop, [&](auto well) { answered(!well && well.error().what == "not well"); });
    EXPECT_TRUE(loop.run_until([&] { return answers == 9; }));
    const Names in_order{"claim 5", "reset", "kv_create", "kv_update", "kv_delete"};
    EXPECT_EQ(database.log, in_order);
}

TEST_F(GroupCommit, ExpiresInSlicesWithCommitsInBetween) {
    database.expirable = 150;
    database.close();
    start();
    std::optional<std::size_t> removed;
    store->expire(loop, {}, 1000, [&](Result<std::size_t> count) { removed = *count; });
    ASSERT_TRUE(database.wait_for_waiting(1));
    send("a");
    database.open();
    ASSERT_TRUE(loop.run_until([&] { return removed && outcomes.size() == 1; }));
    EXPECT_EQ(removed, 150u);
    EXPECT_EQ(database.log, (Names{"expire 64", "apply", "expire 64", "expire 64"}));
}

TEST_F(GroupCommit, ClaimsInSlicesAndAnswersThemTogether) {
    database.claimable = 150;
    start();
    std::optional<Claims> claimed;
    store->claim_due(loop, {}, {}, 140, [&](Result<Claims> claims) { claimed = *std::move(claims); });
    ASSERT_TRUE(loop.run_until([&] { return claimed.has_value(); }));
    ASSERT_EQ(claimed->transactions.size(), 140u);
    EXPECT_EQ(claimed->transactions.front().gid, "150");
    EXPECT_EQ(claimed->transactions.back().gid, "11");
    EXPECT_EQ(claimed->next_due, Time(Millis(10)));
    EXPECT_EQ(database.log, (Names{"claim 64", "claim 64", "claim 12"}));
}

TEST_F(GroupCommit, AnswersWhatWasClaimedBeforeTheStoreFailed) {
    database.claimable = 150;
    database.claims_before_failure = 1;
    start();
    std::optional<Result<Claims>> claimed, next;
    store->claim_due(loop, {}, {}, 140, [&](Result<Claims> claims) { claimed = std::move(claims); });
    ASSERT_TRUE(loop.run_until([&] { return claimed.has_value(); }));
    ASSERT_TRUE(*claimed);
    EXPECT_EQ((*claimed)->transactions.size(), 64u);
    {
        const std::lock_guard lock(database.mutex);
        database.claims_before_failure = 0;
    }
    store->claim_due(loop, {}, {}, 140, [&](Result<Claims> claims) { next = std::move(claims); });
    ASSERT_TRUE(loop.run_until([&] { return next.has_value(); }));
    ASSERT_FALSE(*next);
    EXPECT_EQ(next->error().code, Errc::unavailable);
}

TEST_F(GroupCommit, ExpiresNoMoreThanAsked) {
    database.expirable = 500;
    start();
    std::optional<std::size_t> removed;
    store->expire(loop, {}, 100, [&](Result<std::size_t> count) { removed = *count; });
    ASSERT_TRUE(loop.run_until([&] { return removed.has_value(); }));
    EXPECT_EQ(removed, 100u);
    EXPECT_EQ(database.log, (Names{"expire 64", "expire 36"}));
}

}  // namespace dtmd::store::test
