#include "store/redis/rebuild.h"

#include <gtest/gtest.h>

namespace dtmd::store::redis {
namespace {

using txn::Mode;

txn::Branch row(std::string id, std::string op, std::string url, std::string body = "{}") {
    txn::Branch branch;
    branch.branch_id = std::move(id);
    branch.op = std::move(op);
    branch.url = std::move(url);
    branch.body = std::move(body);
    return branch;
}

txn::Transaction saga() {
    txn::Transaction out;
    out.steps = {{{{"action", "/1"}, {"compensate", "/u1"}}}, {{{"action", "/2"}, {"compensate", ""}}}};
    out.payloads = {"a", "b"};
    out.branches = {row("01", "compensate", "/u1", "a"), row("01", "action", "/1", "a"),
                    row("02", "compensate", "", "b"), row("02", "action", "/2", "b")};
    return out;
}

txn::Transaction message() {
    txn::Transaction out;
    out.mode = Mode::message;
    out.steps = {{{{"action", "/1"}}}, {{{"action", "/2"}}}};
    out.payloads = {"a", "b"};
    out.branches = {row("01", "action", "/1", "a"), row("02", "action", "/2", "b")};
    return out;
}

TEST(Rebuild, MakesStepsFromBranches) {
    for (const auto& whole : {saga(), message()}) {
        EXPECT_TRUE(can_rebuild(whole));
        auto bare = whole;
        bare.steps.clear();
        bare.payloads.clear();
        rebuild_steps(bare, bare.branches.size());
        EXPECT_EQ(bare, whole);
    }
}

// Whatever a client does differently, its steps are kept as they are.
TEST(Rebuild, KnowsWhatItCannotMake) {
    const auto change = [](auto how) {
        auto out = saga();
        how(out);
        return can_rebuild(out);
    };
    EXPECT_FALSE(change([](auto& t) { t.steps[0].members[0].second = "/other"; }));
    EXPECT_FALSE(change([](auto& t) { std::swap(t.steps[0].members[0], t.steps[0].members[1]); }));
    EXPECT_FALSE(change([](auto& t) { t.steps[0].members.push_back({"data", "x"}); }));
    EXPECT_FALSE(change([](auto& t) { t.steps[1].members.pop_back(); }));
    EXPECT_FALSE(change([](auto& t) { t.payloads[1] = "c"; }));
    EXPECT_FALSE(change([](auto& t) { t.payloads.pop_back(); }));
    EXPECT_FALSE(change([](auto& t) { t.payloads.push_back("c"); }));
    EXPECT_FALSE(change([](auto& t) { t.steps.pop_back(); }));
    EXPECT_FALSE(change([](auto& t) { t.branches.pop_back(); }));
    EXPECT_FALSE(change([](auto& t) { t.mode = Mode::message; }));
    EXPECT_FALSE(change([](auto& t) { t.mode = Mode::tcc; }));
    auto topic = message();
    topic.branches[1].branch_id = "02-01";
    EXPECT_FALSE(can_rebuild(topic));
}

TEST(Rebuild, MakesNothingFromWhatHasNoSteps) {
    txn::Transaction tcc;
    tcc.mode = Mode::tcc;
    tcc.branches = {row("01", "cancel", "/u"), row("01", "confirm", "/c")};
    EXPECT_TRUE(can_rebuild(tcc));
    rebuild_steps(tcc, 2);
    EXPECT_TRUE(tcc.steps.empty());
    EXPECT_TRUE(tcc.payloads.empty());
}

TEST(Rebuild, UsesNoMoreRowsThanItIsTold) {
    auto grown = saga();
    grown.branches.push_back(row("03", "compensate", "/u3"));
    grown.branches.push_back(row("03", "action", "/3"));
    rebuild_steps(grown, 4);
    EXPECT_EQ(grown.steps, saga().steps);
}

}  // namespace
}  // namespace dtmd::store::redis
