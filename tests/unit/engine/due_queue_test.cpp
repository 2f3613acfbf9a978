#include "engine/due_queue.h"

#include <gtest/gtest.h>

namespace dtmd::engine {
namespace {

constexpr Time at(std::int64_t ms) { return Time{Millis{1'000'000 + ms}}; }

ActorPtr actor(const std::string& gid) {
    auto made = std::make_shared<Actor>();
    made->transaction.gid = gid;
    return made;
}

std::string taken(DueQueue& queue, std::int64_t now) {
    const ActorPtr due = queue.take_due(at(now));
    return due ? due->transaction.gid : "";
}

TEST(DueQueue, GivesOutByTime) {
    DueQueue queue;
    const ActorPtr a = actor("a"), b = actor("b"), c = actor("c");
    queue.set(a, at(30));
    queue.set(b, at(10));
    queue.set(c, at(20));
    EXPECT_EQ(queue.next(), at(10));
    EXPECT_EQ(taken(queue, 9), "");
    EXPECT_EQ(taken(queue, 25), "b");
    EXPECT_EQ(taken(queue, 25), "c");
    EXPECT_EQ(taken(queue, 25), "");
    EXPECT_EQ(taken(queue, 30), "a");
    EXPECT_EQ(queue.next(), std::nullopt);
}

TEST(DueQueue, HasOneAlarmPerActorWhichCanBeMoved) {
    DueQueue queue;
    const ActorPtr a = actor("a");
    queue.set(a, at(10));
    queue.set(a, at(50));
    EXPECT_EQ(taken(queue, 40), "");
    queue.set(a, at(20));
    EXPECT_EQ(taken(queue, 60), "a");
    EXPECT_EQ(taken(queue, 60), "");
    EXPECT_EQ(a->alarm, no_time);
}

TEST(DueQueue, SettingTheSameMomentAgainAfterItCameUpWorks) {
    DueQueue queue;
    const ActorPtr a = actor("a");
    queue.set(a, at(10));
    EXPECT_EQ(taken(queue, 10), "a");
    queue.set(a, at(10));
    EXPECT_EQ(taken(queue, 10), "a");
}

TEST(DueQueue, AClearedAlarmDoesNotComeUp) {
    DueQueue queue;
    const ActorPtr a = actor("a");
    queue.set(a, at(10));
    queue.clear(*a);
    EXPECT_EQ(taken(queue, 100), "");
    queue.set(a, at(10));
    EXPECT_EQ(taken(queue, 100), "a");
}

TEST(DueQueue, SkipsWhoIsGone) {
    DueQueue queue;
    ActorPtr a = actor("a");
    const ActorPtr b = actor("b");
    queue.set(a, at(10));
    queue.set(b, at(20));
    a.reset();
    b->gone = true;
    EXPECT_EQ(taken(queue, 100), "");
    EXPECT_EQ(queue.next(), std::nullopt);
}

// A transaction with a time-out of a day that ends at once must not be remembered for a day.
TEST(DueQueue, DoesNotPileUpWhatWasClearedOrMoved) {
    DueQueue queue;
    std::weak_ptr<Actor> first;
    for (int i = 0; i < 100'000; ++i) {
        const ActorPtr a = actor("a");
        if (i == 0) first = a;
        queue.set(a, at(86'400'000 + i));
        queue.set(a, at(86'500'000 + i));
        queue.clear(*a);
    }
    EXPECT_LT(queue.size(), 5'000U);
    EXPECT_TRUE(first.expired());
    const ActorPtr live = actor("live");
    queue.set(live, at(5));
    EXPECT_EQ(taken(queue, 10), "live");
}

}  // namespace
}  // namespace dtmd::engine
