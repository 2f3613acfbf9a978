#include "unit/store/fakes.h"

namespace dtmd::store::test {

using Fault = FakeDatabase::Fault;

namespace {

// Three changes in one batch, behind a first one that is already written when the faults begin.
class GroupCommitFailures : public GroupCommit {
protected:
    void send_three() {
        database.close();
        send("first");
        ASSERT_TRUE(database.wait_for_waiting(1));
        for (const char* gid : {"a", "b", "c"}) send(gid);
        database.faults.push_front(Fault::none);
        database.open();
        ASSERT_TRUE(run_until_answered(4));
        EXPECT_EQ(outcomes["first:"], Outcome::ok);
    }

    void expect_all(Outcome expected) {
        for (const char* name : {"a:", "b:", "c:"}) EXPECT_EQ(outcomes[name], expected) << name;
    }

    std::vector<std::size_t> sizes() {
        std::vector<std::size_t> out;
        for (const auto& batch : database.batches) out.push_back(batch.size());
        return out;
    }
};

using Sizes = std::vector<std::size_t>;

}  // namespace

TEST_F(GroupCommitFailures, TriesAnUnavailableBatchOnceMoreAsAWhole) {
    start();
    database.faults = {Fault::unavailable};
    send_three();
    expect_all(Outcome::ok);
    EXPECT_EQ(sizes(), (Sizes{1, 3, 3}));
    EXPECT_EQ(metrics.failed, 1u);
    EXPECT_EQ(metrics.written, 2u);
}

TEST_F(GroupCommitFailures, ChangesAndClaimsNothingBeforeItKnowsTheTime) {
    bool knows_time = false;
    start({.knows_time = [&] { return knows_time; }});
    send("a");
    ASSERT_TRUE(run_until_answered(1));
    EXPECT_EQ(outcomes["a:"], Outcome::unavailable);
    std::optional<Errc> refused;
    store->claim_due(loop, no_time, no_time, 10,
                     [&](const Result<Claims>& claims) { refused = claims ? Errc::invalid : claims.error().code; });
    ASSERT_TRUE(loop.run_until([&] { return refused.has_value(); }));
    EXPECT_EQ(*refused, Errc::unavailable);
    EXPECT_EQ(sizes(), Sizes{});
    knows_time = true;
    send("b");
    ASSERT_TRUE(run_until_answered(2));
    EXPECT_EQ(outcomes["b:"], Outcome::ok);
}

TEST_F(GroupCommitFailures, FindsTheOneChangeThatMakesTheBatchFail) {
    start();
    database.poison = "b";
    send_three();
    EXPECT_EQ(outcomes["a:"], Outcome::ok);
    EXPECT_EQ(outcomes["b:"], Outcome::unavailable);
    EXPECT_EQ(outcomes["c:"], Outcome::ok);
    EXPECT_EQ(sizes(), (Sizes{1, 3, 3, 1, 1, 1}));
}

TEST_F(GroupCommitFailures, AnswersUnknownWithoutTryingAgain) {
    start();
    database.faults = {Fault::unknown};
    send_three();
    expect_all(Outcome::unknown);
    EXPECT_EQ(sizes(), (Sizes{1, 3}));
}

TEST_F(GroupCommitFailures, TakesAnExceptionForUnknown) {
    start();
    database.faults = {Fault::exception};
    send_three();
    expect_all(Outcome::unknown);
    EXPECT_EQ(sizes(), (Sizes{1, 3}));
}

TEST_F(GroupCommitFailures, KeepsUnknownForTheChangeItConcernsWhenSplit) {
    start();
    database.faults = {Fault::unavailable, Fault::unavailable, Fault::none, Fault::unknown};
    send_three();
    EXPECT_EQ(outcomes["a:"], Outcome::ok);
    EXPECT_EQ(outcomes["b:"], Outcome::unknown);
    EXPECT_EQ(outcomes["c:"], Outcome::ok);
}

TEST_F(GroupCommitFailures, DoesNotTryAWholeBatchOneByOneWhenTheStoreIsDown) {
    start();
    database.close();
    send("first");
    ASSERT_TRUE(database.wait_for_waiting(1));
    for (int i = 0; i < 100; ++i) send("g" + std::to_string(i));
    {
        const std::lock_guard lock(database.mutex);
        database.is_down = true;
    }
    database.open();
    ASSERT_TRUE(run_until_answered(101));
    for (const auto& [name, outcome] : outcomes) EXPECT_EQ(outcome, Outcome::unavailable) << name;
    EXPECT_EQ(sizes(), (Sizes{1, 1, 100, 100, 1, 1, 1}));
}

TEST_F(GroupCommitFailures, GoesOnAfterAFailure) {
    start();
    database.is_down = true;
    send("a");
    ASSERT_TRUE(run_until_answered(1));
    EXPECT_EQ(outcomes["a:"], Outcome::unavailable);
    {
        const std::lock_guard lock(database.mutex);
        database.is_down = false;
    }
    send("b");
    ASSERT_TRUE(run_until_answered(2));
    EXPECT_EQ(outcomes["b:"], Outcome::ok);
}

TEST_F(GroupCommitFailures, AnswersUnavailableWhileNoBackendCanBeMade) {
    std::atomic<int> mode{0};
    const BackendFactory factory = [&]() -> std::unique_ptr<Backend> {
        if (mode == 0) return nullptr;
        if (mode == 1) throw std::runtime_error("no connection");
        return std::make_unique<FakeBackend>(database);
    };
    store = make_group_commit_store(factory, {}, metrics);
    for (; mode < 2; ++mode) {
        outcomes.clear();
        send("a");
        ASSERT_TRUE(run_until_answered(1));
        EXPECT_EQ(outcomes["a:"], Outcome::unavailable);
        std::optional<Errc> code;
        store->load(loop, "g", [&](auto found) { code = found.error().code; });
        ASSERT_TRUE(loop.run_until([&] { return code.has_value(); }));
        EXPECT_EQ(*code, Errc::unavailable);
    }
    send("b");
    ASSERT_TRUE(run_until_answered(2));
    EXPECT_EQ(outcomes["b:"], Outcome::ok);
}

TEST_F(GroupCommitFailures, AnswersAReadThatThrows) {
    start();
    std::string what;
    store->load(loop, "throws", [&](auto found) { what = found.error().what; });
    ASSERT_TRUE(loop.run_until([&] { return !what.empty(); }));
    EXPECT_NE(what.find("surprise"), std::string::npos);
}

}  // namespace dtmd::store::test
