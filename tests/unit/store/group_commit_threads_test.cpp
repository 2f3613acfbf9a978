#include "unit/store/fakes.h"

namespace dtmd::store::test {
namespace {

struct Counted {
    std::atomic<std::size_t> ok{0}, all{0};
};

// Each thread sends numbered changes to gids of its own, and now and then something else.
void send_many(Store& store, Loop& home, const std::string& name, int count, Counted& counted) {
    for (int i = 0; i < count; ++i) {
        const std::string gid = name + std::to_string(i % 17);
        store.apply(home, change(gid, std::to_string(i)), [&counted](Outcome outcome) {
            if (outcome == Outcome::ok) ++counted.ok;
            ++counted.all;
        });
        if (i % 50 == 0) store.load(home, gid, [&counted](auto) { ++counted.all; });
        if (i % 70 == 0) store.claim_due(home, {}, {}, 1, [&counted](auto) { ++counted.all; });
    }
}

TEST_F(GroupCommit, KeepsEveryPromiseWithManyThreads) {
    constexpr int threads = 4, each = 2000;
    start({.writers = 3, .readers = 2, .scanners = 1, .max_batch = 16});
    FakeLoop loops[2];
    Counted counted[2];
    std::vector<std::thread> workers;
    for (int i = 0; i < threads; ++i) {
        workers.emplace_back([&, i] {
            send_many(*store, loops[i % 2], std::string(1, static_cast<char>('a' + i)), each, counted[i % 2]);
        });
    }
    constexpr std::size_t changes = threads / 2 * each;
    constexpr std::size_t others = threads / 2 * ((each + 49) / 50 + (each + 69) / 70);
    for (int i = 0; i < 2; ++i) {
        workers.emplace_back(
            [&, i] { EXPECT_TRUE(loops[i].run_until([&, i] { return counted[i].all == changes + others; })); });
    }
    for (auto& worker : workers) worker.join();
    store.reset();  // Before the loops that it posts to.

    for (const auto& of_loop : counted) EXPECT_EQ(of_loop.ok, changes);
    EXPECT_EQ(database.clashes, 0u) << "two writers had changes of one gid at the same time";
    EXPECT_EQ(database.threads.size(), 3u);
    EXPECT_EQ(database.rows.size(), std::size_t{threads * 17});
    for (const auto& [gid, reasons] : database.rows) {
        for (std::size_t i = 1; i < reasons.size(); ++i) {
            ASSERT_LT(std::stoi(reasons[i - 1]), std::stoi(reasons[i])) << gid;
        }
    }
}

}  // namespace
}  // namespace dtmd::store::test
