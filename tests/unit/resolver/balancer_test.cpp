#include "participant/resolver/balancer.h"

#include <gtest/gtest.h>

#include <map>

namespace dtmd::participant {
namespace {

using namespace std::chrono_literals;

Balancer balancer_of(std::string_view list) {
    Balancer balancer;
    balancer.set(parse_instances(list));
    return balancer;
}

std::string pick(Balancer& balancer, Balancer::Moment now, const std::vector<std::string>& tried = {},
                 Wire wire = Wire::http) {
    const Instance* const chosen = balancer.pick(wire, tried, now);
    return chosen == nullptr ? "none" : chosen->address;
}

std::string picks(Balancer& balancer, Balancer::Moment now, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += pick(balancer, now).substr(0, 1);
    return text;
}

TEST(Balancer, TakesTheInstancesInTurn) {
    Balancer balancer = balancer_of("a:1,b:1,c:1");
    EXPECT_EQ(picks(balancer, 0s, 7), "abcabca");
    EXPECT_EQ(pick(balancer, 0s, {"b:1"}), "c:1");
    EXPECT_EQ(pick(balancer, 0s, {"a:1", "b:1", "c:1"}), "none");
    Balancer none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(pick(none, 0s), "none");
}

TEST(Balancer, LeavesAloneWhatFailedForAGrowingTime) {
    Balancer balancer = balancer_of("a:1,b:1");
    balancer.report("a:1", false, 0s);
    EXPECT_EQ(picks(balancer, 999ms, 3), "bbb");
    EXPECT_FALSE(balancer.has_live(Wire::http, {"b:1"}, 999ms));
    EXPECT_TRUE(balancer.has_live(Wire::http, {"b:1"}, 1s));
    // One call goes there to see; until it is answered no other does.
    EXPECT_EQ(pick(balancer, 1s), "a:1");
    EXPECT_EQ(picks(balancer, 1s, 3), "bbb");
    balancer.report("a:1", false, 1s);
    EXPECT_EQ(picks(balancer, 2999ms, 2), "bb");
    EXPECT_EQ(pick(balancer, 3s), "a:1");
    balancer.report("a:1", true, 3s);
    EXPECT_EQ(picks(balancer, 3s, 4), "baba");
}

TEST(Balancer, NeverLeavesAnInstanceAloneForLongerThanTheLongestTime) {
    Balancer balancer = balancer_of("a:1,b:1");
    for (int i = 0; i < 100; ++i) balancer.report("a:1", false, 0s);
    EXPECT_EQ(picks(balancer, 29s, 2), "bb");
    EXPECT_TRUE(balancer.has_live(Wire::http, {"b:1"}, 30s));
}

TEST(Balancer, TriesTheLeastBadOneWhenAllHaveFailed) {
    Balancer balancer = balancer_of("a:1,b:1");
    balancer.report("a:1", false, 0s);
    balancer.report("a:1", false, 0s);
    balancer.report("b:1", false, 0s);
    EXPECT_EQ(pick(balancer, 10ms), "b:1");
    balancer.report("b:1", false, 10ms);
    balancer.report("b:1", false, 20ms);
    EXPECT_EQ(pick(balancer, 30ms), "a:1");
}

TEST(Balancer, KeepsWhatItKnowsOfThoseThatStay) {
    Balancer balancer = balancer_of("a:1,b:1");
    balancer.report("a:1", false, 0s);
    balancer.set(parse_instances("a:1,c:1"));
    EXPECT_EQ(picks(balancer, 0s, 2), "cc");
    balancer.set(parse_instances("c:1"));
    balancer.set(parse_instances("a:1"));
    EXPECT_EQ(picks(balancer, 0s, 1), "a") << "one that has left and come back is new";
    balancer.report("unknown:1", false, 0s);
}

TEST(Balancer, TakesThoseThatSpeakTheProtocol) {
    Balancer balancer = balancer_of("grpc://a:1,http://b:1,c:1");
    EXPECT_EQ(picks(balancer, 0s, 4), "bcbc");
    EXPECT_EQ(pick(balancer, 0s, {"c:1"}, Wire::grpc), "a:1");
}

TEST(Balancer, PrefersTheLowestPriorityAmongThoseThatAnswer) {
    Balancer balancer;
    balancer.set({{"a:1", "", 10}, {"b:1", "", 20}, {"c:1", "", 10}});
    EXPECT_EQ(picks(balancer, 0s, 4), "acac");
    balancer.report("a:1", false, 0s);
    EXPECT_EQ(picks(balancer, 0s, 2), "cc");
    balancer.report("c:1", false, 0s);
    EXPECT_EQ(picks(balancer, 0s, 2), "bb");
}

}  // namespace
}  // namespace dtmd::participant
