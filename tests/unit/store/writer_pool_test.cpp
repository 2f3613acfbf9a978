#include "unit/store/fakes.h"

// When several writers share the work, and when one is better.
namespace dtmd::store::test {
namespace {

class WriterPool : public GroupCommit {
protected:
    // Each is begun before the next is sent.
    void send_one_by_one(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            send("early" + std::to_string(i));
            ASSERT_TRUE(database.wait_for_waiting(i + 1));
        }
    }
    void send_together(int count) {
        for (int i = 0; i < count; ++i) send("late" + std::to_string(i));
    }
};

TEST_F(WriterPool, GathersBesideAFewCommitsUntilAnotherIsWorthIt) {
    database.close();
    start({.writers = 6});
    send_one_by_one(4);
    send_together(11);
    EXPECT_FALSE(database.wait_for_waiting(5, std::chrono::milliseconds(50)));
    send("the one that makes it worth it");
    EXPECT_TRUE(database.wait_for_waiting(5));
    database.open();
    ASSERT_TRUE(run_until_answered(16));
    ASSERT_EQ(database.batches.size(), 5u);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(database.batches[i].size(), 1u);
    EXPECT_EQ(database.batches[4].size(), 12u);
}

TEST_F(WriterPool, WritesWhatHasGatheredWhenACommitIsDone) {
    database.close();
    start({.writers = 6});
    send_one_by_one(4);
    send_together(10);
    database.open();
    ASSERT_TRUE(run_until_answered(14));
    ASSERT_EQ(database.batches.size(), 5u);
    EXPECT_EQ(database.batches[4].size(), 10u);
}

TEST_F(WriterPool, NeverBeginsAChangeBesideAnotherOfItsGid) {
    database.close();
    start({.writers = 2});
    send("a", "1");
    ASSERT_TRUE(database.wait_for_waiting(1));
    send("a", "2");
    send("b", "1");
    EXPECT_FALSE(database.wait_for_waiting(2, std::chrono::milliseconds(50)));
    database.open();
    ASSERT_TRUE(run_until_answered(3));
    EXPECT_EQ(database.rows["a"], (std::vector<std::string>{"1", "2"}));
    EXPECT_EQ(database.clashes, 0u);
}

TEST_F(WriterPool, WritesWhatIsQueuedWhenDestroyed) {
    database.close();
    start({.writers = 3});
    send_one_by_one(3);
    send("early0", "again");
    send_together(20);
    std::thread opener([&] { database.open(); });
    store.reset();
    opener.join();
    ASSERT_TRUE(run_until_answered(24));
    EXPECT_EQ(database.rows["early0"].size(), 2u);
}

}  // namespace
}  // namespace dtmd::store::test
