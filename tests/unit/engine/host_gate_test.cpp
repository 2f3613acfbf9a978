#include "engine/host_gate.h"

#include <gtest/gtest.h>

namespace dtmd::engine {
namespace {

using Pass = HostGate::Pass;

constexpr Time at(std::int64_t ms) { return Time{Millis{1'000'000 + ms}}; }

ActorPtr actor(bool sleeping = false) {
    auto made = std::make_shared<Actor>();
    made->sleeping = sleeping;
    return made;
}

TEST(HostGate, BoundsTheOpenCallsOfEachHostAndServesInTurn) {
    HostGate gate(2);
    const ActorPtr a = actor();
    EXPECT_EQ(gate.enter("x", {a, 1}, at(0)), Pass::go);
    EXPECT_EQ(gate.enter("x", {a, 2}, at(0)), Pass::go);
    EXPECT_EQ(gate.enter("x", {a, 3}, at(0)), Pass::queued);
    EXPECT_EQ(gate.enter("x", {a, 4}, at(0)), Pass::queued);
    EXPECT_EQ(gate.enter("y", {a, 5}, at(0)), Pass::go) << "another host has slots of its own";
    HostGate::Left left = gate.leave("x", true, at(1));
    ASSERT_EQ(left.next.size(), 1U);
    EXPECT_EQ(left.next[0].row, 3U);
    left = gate.give_back("x", at(1));
    ASSERT_EQ(left.next.size(), 1U);
    EXPECT_EQ(left.next[0].row, 4U);
    EXPECT_TRUE(gate.leave("x", true, at(2)).next.empty());
    EXPECT_EQ(gate.enter("x", {a, 6}, at(2)), Pass::go);
}

void break_it(HostGate& gate, const ActorPtr& a) {
    for (int i = 0; i < 5; ++i) {
        ASSERT_EQ(gate.enter("x", {a, 0}, at(0)), Pass::go);
        EXPECT_EQ(gate.leave("x", false, at(0)).breaker_change, i == 4 ? 1 : 0);
    }
}

TEST(HostGate, AnAnswerInBetweenStartsTheCountAfresh) {
    HostGate gate(10);
    const ActorPtr a = actor();
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 4; ++i) {
            EXPECT_EQ(gate.enter("x", {a, 0}, at(0)), Pass::go);
            gate.leave("x", false, at(0));
        }
        EXPECT_EQ(gate.enter("x", {a, 0}, at(0)), Pass::go);
        EXPECT_EQ(gate.leave("x", true, at(0)).breaker_change, 0);
    }
}

TEST(HostGate, BreaksAfterFiveAndProbesOneAtATimeMoreAndMoreRarely) {
    HostGate gate(10);
    const ActorPtr a = actor();
    break_it(gate, a);
    EXPECT_EQ(gate.enter("x", {a, 0}, at(499)), Pass::blocked);
    std::int64_t now = 0;
    for (const int wait : {500, 1'000, 2'000, 4'000, 5'000, 5'000}) {
        EXPECT_EQ(gate.enter("x", {a, 0}, at(now + wait - 1)), Pass::blocked) << wait;
        now += wait;
        EXPECT_EQ(gate.enter("x", {a, 0}, at(now)), Pass::go) << wait;
        EXPECT_EQ(gate.enter("x", {a, 0}, at(now)), Pass::blocked) << "one probe at a time";
        EXPECT_EQ(gate.leave("x", false, at(now)).breaker_change, 0);
    }
    now += 5'000;
    EXPECT_EQ(gate.enter("x", {a, 0}, at(now)), Pass::go);
    EXPECT_EQ(gate.leave("x", true, at(now)).breaker_change, -1);
    EXPECT_EQ(gate.enter("x", {a, 0}, at(now)), Pass::go);
    EXPECT_EQ(gate.enter("x", {a, 0}, at(now)), Pass::go);
}

TEST(HostGate, BreakingRefusesWhoWaitsForASlot) {
    HostGate gate(5);
    const ActorPtr a = actor();
    for (std::size_t i = 0; i < 8; ++i) gate.enter("x", {a, i}, at(0));
    HostGate::Left left;
    std::size_t admitted = 0, blocked = 0;
    for (int i = 0; i < 5; ++i) {
        left = gate.leave("x", false, at(1));
        admitted += left.next.size();
        blocked += left.blocked.size();
    }
    EXPECT_EQ(admitted + blocked, 3U);
    EXPECT_EQ(left.breaker_change, 1);
    EXPECT_EQ(gate.enter("x", {a, 9}, at(2)), Pass::blocked);
}

TEST(HostGate, AProbeThatIsNotMadeLeavesTheProbeToTheNext) {
    HostGate gate(5);
    const ActorPtr a = actor();
    break_it(gate, a);
    EXPECT_EQ(gate.enter("x", {a, 0}, at(500)), Pass::go);
    gate.give_back("x", at(500));
    EXPECT_EQ(gate.enter("x", {a, 0}, at(500)), Pass::go);
}

TEST(HostGate, StragglersDoNotProlongTheBreak) {
    HostGate gate(10);
    const ActorPtr a = actor();
    for (int i = 0; i < 8; ++i) gate.enter("x", {a, 0}, at(0));
    for (int i = 0; i < 8; ++i) gate.leave("x", false, at(i < 5 ? 0 : 400));
    EXPECT_EQ(gate.enter("x", {a, 0}, at(500)), Pass::go);
}

TEST(HostGate, WakesItsSleepersWhenTheHostIsBackAndOneOfThemToProbe) {
    HostGate gate(10);
    const ActorPtr a = actor(true), b = actor(true), awake = actor(false);
    ActorPtr dead = actor(true);
    break_it(gate, awake);
    for (const ActorPtr& one : {a, b, awake, dead}) gate.sleep("x", one);
    dead.reset();
    EXPECT_TRUE(gate.probes(at(499)).empty());
    const auto probes = gate.probes(at(500));
    ASSERT_EQ(probes.size(), 1U);
    EXPECT_EQ(gate.enter("x", {probes[0], 0}, at(500)), Pass::go);
    EXPECT_TRUE(gate.probes(at(10'000)).empty()) << "while a probe is under way";
    const HostGate::Left left = gate.leave("x", true, at(510));
    EXPECT_EQ(left.awake, (std::vector{probes[0] == a ? b : a, awake}));
}

// Between being blocked and sleeping an actor is written to the store. That may take longer than the outage.
TEST(HostGate, WakesThoseThatAreStillBeingWrittenBeforeTheySleep) {
    HostGate gate(10);
    const ActorPtr asleep = actor(true), written = actor(false), finished = actor(false);
    break_it(gate, asleep);
    for (const ActorPtr& one : {asleep, written, finished}) gate.sleep("x", one);
    written->writing = finished->writing = finished->gone = true;
    EXPECT_EQ(gate.probes(at(500)), std::vector{asleep});
    EXPECT_TRUE(gate.probes(at(500)).empty()) << "who is being written can't try now";
    EXPECT_EQ(gate.enter("x", {asleep, 0}, at(500)), Pass::go);
    EXPECT_EQ(gate.leave("x", true, at(510)).awake, std::vector{written});
}

TEST(HostGate, KeepsASleeperOnceHoweverOftenItComes) {
    HostGate gate(10);
    const ActorPtr a = actor(true);
    break_it(gate, a);
    for (int i = 0; i < 1'000; ++i) gate.sleep("x", a);
    std::weak_ptr<Actor> first;
    for (int i = 0; i < 10'000; ++i) {
        const ActorPtr passing = actor(true);
        gate.sleep("x", passing);
    }
    EXPECT_LT(gate.sleepers("x"), 1'000U) << "those that are gone are forgotten";
    gate.enter("x", {a, 0}, at(500));
    EXPECT_EQ(gate.leave("x", true, at(510)).awake.size(), 1U);
}

TEST(HostGate, SaysWhyInWords) {
    HostGate gate(10);
    const ActorPtr a = actor();
    break_it(gate, a);
    EXPECT_EQ(gate.why_blocked("x", at(100)),
              "circuit breaker: x could not be reached 5 times in a row; it is tried again in 400 ms and this call "
              "follows when it is back");
}

}  // namespace
}  // namespace dtmd::engine
