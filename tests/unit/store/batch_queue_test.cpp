#include "store/batch_queue.h"

#include "unit/store/fakes.h"

#include <random>

namespace dtmd::store::test {
namespace {

void push(BatchQueue& queue, Loop& loop, const std::string& gid, const std::string& reason = "") {
    queue.push(loop, change(gid, reason), [](Outcome) {});
}

std::vector<std::string> pop(BatchQueue& queue) {
    auto batch = queue.pop();
    std::vector<std::string> out;
    if (!batch) return out;
    for (const auto& mutation : batch->mutations) out.push_back(mutation.gid + *mutation.patch.rollback_reason);
    queue.recycle(std::move(batch));
    return out;
}

using Names = std::vector<std::string>;

TEST(BatchQueue, FillsOneBatchAfterTheOther) {
    BatchQueue queue(3);
    FakeLoop loop;
    for (const char* gid : {"a", "b", "c", "d", "e"}) push(queue, loop, gid);
    EXPECT_EQ(queue.size(), 5u);
    EXPECT_EQ(pop(queue), (Names{"a", "b", "c"}));
    push(queue, loop, "f");
    EXPECT_EQ(pop(queue), (Names{"d", "e", "f"}));
    EXPECT_EQ(pop(queue), Names{});
    EXPECT_TRUE(queue.empty());
}

TEST(BatchQueue, HoldsBackALaterChangeOfTheSameGidOnly) {
    BatchQueue queue(10);
    FakeLoop loop;
    push(queue, loop, "a", "1");
    push(queue, loop, "a", "2");
    push(queue, loop, "b", "1");
    push(queue, loop, "a", "3");
    push(queue, loop, "b", "2");
    EXPECT_EQ(pop(queue), (Names{"a1", "b1"}));
    push(queue, loop, "a", "4");
    push(queue, loop, "b", "3");
    push(queue, loop, "c", "1");
    EXPECT_EQ(pop(queue), (Names{"a2", "b2", "c1"}));
    EXPECT_EQ(pop(queue), (Names{"a3", "b3"}));
    EXPECT_EQ(pop(queue), (Names{"a4"}));
}

TEST(BatchQueue, StartsANewBatchBeforeOneGetsHuge) {
    BatchQueue queue(10);
    FakeLoop loop;
    for (int i = 0; i < 4; ++i) {
        auto mutation = change("g" + std::to_string(i));
        mutation.record.payloads.push_back(std::string(6 << 20, 'x'));
        queue.push(loop, std::move(mutation), [](Outcome) {});
    }
    EXPECT_EQ(pop(queue).size(), 2u);
    EXPECT_EQ(pop(queue).size(), 2u);
}

// Whatever is pushed and popped: each change once, no gid twice in a batch, each gid's changes in their order.
TEST(BatchQueue, KeepsItsPromisesOnRandomTraffic) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 random(seed);
        BatchQueue queue(1 + seed % 8);
        FakeLoop loop;
        std::map<std::string, int> pushed, popped;
        std::size_t left = 0;
        for (int step = 0; step < 3000 || left > 0; ++step) {
            if (step < 3000 && random() % 10 < 8) {
                const std::string gid = std::string(random() % 40, 'g') + std::to_string(random() % 5);
                push(queue, loop, gid, ":" + std::to_string(pushed[gid]++));
                ++left;
                continue;
            }
            auto batch = queue.pop();
            if (!batch) continue;
            std::set<std::string> gids;
            ASSERT_LE(batch->mutations.size(), 1 + seed % 8);
            for (const auto& mutation : batch->mutations) {
                ASSERT_TRUE(gids.insert(mutation.gid).second) << "seed " << seed;
                ASSERT_EQ(*mutation.patch.rollback_reason, ":" + std::to_string(popped[mutation.gid]++))
                    << "seed " << seed;
                --left;
            }
            queue.recycle(std::move(batch));
            ASSERT_EQ(queue.size(), left);
        }
        EXPECT_EQ(pushed, popped);
    }
}

}  // namespace
}  // namespace dtmd::store::test
