#include "scenes.h"

#include <gtest/gtest.h>

#include <deque>

// Several shards in one node: each transaction belongs to one of them, whatever is asked of it.
namespace dtmd::engine {
namespace {

using testing::shown;

constexpr int shards = 4;

class ManyShards : public ::testing::Test {
protected:
    ManyShards() {
        std::vector<ShardEnvironment> environments;
        for (int i = 0; i < shards; ++i) {
            environments.push_back({loop, participants.emplace_back(loop), random});
        }
        coordinator = make_coordinator(std::move(environments), store, {}, metrics, nullptr);
        coordinator->start();
        loop.run_for(Millis{5});
    }

    std::string submit(txn::Transaction transaction) {
        std::string told;
        coordinator->submit(loop, std::move(transaction), [&](Answer answer) { told = shown(answer); });
        loop.run_for(Millis{100});
        return told;
    }

    testing::VirtualLoop loop;
    testing::SeededRandom random{7};
    testing::MemoryStore store;
    std::deque<testing::ScriptedParticipant> participants;
    testing::NullMetrics metrics;
    std::unique_ptr<Coordinator> coordinator;
};

TEST_F(ManyShards, ShareTheTransactions) {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(submit(testing::saga("g" + std::to_string(i), 1)), "success: ");
    for (const auto& participant : participants) EXPECT_GT(participant.calls.size(), 5u) << "an idle shard";
}

TEST_F(ManyShards, EverythingAskedOfOneTransactionMeetsItsOneActor) {
    for (auto& participant : participants) participant.latency = Millis{50'000};
    for (int i = 0; i < 20; ++i) {
        const std::string gid = "g" + std::to_string(i);
        EXPECT_EQ(submit(testing::saga(gid, 1, false)), "success: ");
        coordinator->reset_next_cron_time(loop, gid, [](Answer) {});
        loop.run_for(Millis{100});
        int open = 0;
        for (const auto& participant : participants) {
            for (const auto& call : participant.calls) open += call.gid == gid ? 1 : 0;
        }
        EXPECT_EQ(open, 1) << gid << " is called by two shards at once";
    }
}

}  // namespace
}  // namespace dtmd::engine
