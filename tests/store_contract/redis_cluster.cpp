#include "store_contract/redis_store.h"

#include "store/redis/keys.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <sstream>
#include <thread>

// A Redis Cluster of three primaries.
namespace dtmd::store::test {
namespace {

using redis::slot_of;
using txn::Status;

class RedisCluster : public testing::Test {
protected:
    void SetUp() override {
        for (int i = 0; i < 3; ++i) {
            nodes.push_back(std::make_unique<RedisServer>(
                std::vector<std::string>{"--cluster-enabled", "yes", "--cluster-node-timeout", "2000",
                                         "--cluster-require-full-coverage", "no"}));
        }
        const std::pair<int, int> ranges[] = {{0, 5460}, {5461, 10922}, {10923, 16383}};
        for (std::size_t i = 0; i < 3; ++i) {
            ASSERT_EQ(nodes[i]->cli({"cluster", "addslotsrange", std::to_string(ranges[i].first),
                                     std::to_string(ranges[i].second)}),
                      "OK");
            nodes[i]->cli({"cluster", "meet", "127.0.0.1", std::to_string(nodes[0]->port())});
        }
        ASSERT_TRUE(wait_until([&] {
            return std::ranges::all_of(nodes, [](const auto& node) {
                const auto said = node->cli({"cluster", "info"});
                return said.find("cluster_state:ok") != std::string::npos &&
                       said.find("cluster_slots_ok:16384") != std::string::npos &&
                       said.find("cluster_known_nodes:3") != std::string::npos;
            });
        }));
        options = options_for(*nodes[0]);
        options.topology = RedisTopology::cluster;
        options.slices = 16;
    }

    RedisServer& owner_of(std::uint16_t slot) { return *nodes[slot < 5461 ? 0 : slot < 10923 ? 1 : 2]; }
    static std::string id_of(const RedisServer& node) { return node.cli({"cluster", "myid"}); }

    static std::size_t count_on(const RedisServer& node) {
        const auto keys = node.cli({"keys", "*_g_*"});
        return keys.empty() ? 0 : static_cast<std::size_t>(std::ranges::count(keys, '\n') + 1);
    }

    // `gid`'s keys have this slot.
    static std::uint16_t slot_for(const std::string& gid) {
        const redis::Layout layout("{a}", 16);
        return layout.slices()[layout.slice_of(gid)].slot;
    }

    std::vector<std::unique_ptr<RedisServer>> nodes;
    RedisOptions options;
};

TEST_F(RedisCluster, SharesTheWorkAmongAllPrimaries) {
    const auto backend = open_or_throw(options)();
    constexpr std::size_t count = 300;
    std::vector<Mutation> batch;
    for (std::size_t i = 0; i < count; ++i)
        batch.push_back(insert(saga("g" + std::to_string(i), at(static_cast<int>(i)))));
    std::vector<Outcome> outcomes(count, Outcome::unknown);
    ASSERT_TRUE(backend->apply(batch, outcomes));
    EXPECT_EQ(outcomes, std::vector<Outcome>(count, Outcome::ok));
    for (const auto& node : nodes) EXPECT_GT(count_on(*node), 30u);

    EXPECT_EQ(load_one(*backend, "g7"), batch[7].record);
    EXPECT_EQ(backend->counts()->unfinished, count);
    EXPECT_EQ(backend->counts()->oldest_unfinished, at(0));
    const auto page = backend->list({}, "", 5);
    ASSERT_TRUE(page) << page.error().what;
    EXPECT_EQ(gids(page->transactions), (std::vector<std::string>{"g299", "g298", "g297", "g296", "g295"}));
    const auto claims = backend->claim_due(at(1000), at(60'000), 4);
    EXPECT_EQ(gids(claims->transactions), (std::vector<std::string>{"g0", "g1", "g2", "g3"}));
    EXPECT_EQ(claims->next_due, at(4));
    EXPECT_TRUE(backend->ping());
    EXPECT_EQ(
        *backend->kv_create({.category = "topics", .key = "t", .value = "v", .create_time = at(0), .update_time = {}}),
        Outcome::ok);
    EXPECT_EQ(backend->kv_scan("topics", "", 10)->items.size(), 1u);
}

TEST_F(RedisCluster, KeepsDtmsLayoutInOneSlot) {
    options.slices = 0;
    options.hosts = {nodes[2]->host()};
    const auto backend = open_or_throw(options)();
    EXPECT_EQ(apply_one(*backend, insert(saga("g"))), Outcome::ok);
    EXPECT_EQ(apply_one(*backend, turn("g", Status::submitted, Status::succeed)), Outcome::ok);
    EXPECT_EQ(load_one(*backend, "g").status, Status::succeed);
    EXPECT_EQ(owner_of(slot_of("{a}")).cli({"exists", "{a}_g_g"}), "1");
    EXPECT_EQ(backend->list({}, "", 10)->transactions.size(), 1u);
}

// Slots move while a client goes on: what it is told is true, and nothing is lost.
TEST_F(RedisCluster, GoesOnWhileASlotIsMoved) {
    const auto factory = open_or_throw(options);
    const auto backend = factory();
    const std::string first = "g0";
    const std::uint16_t slot = slot_for(first);
    RedisServer& source = owner_of(slot);
    RedisServer& target = &source == nodes[0].get() ? *nodes[1] : *nodes[0];

    std::atomic<bool> stop{false};
    std::atomic<int> made{0};
    std::map<std::string, Outcome> outcomes;
    std::thread client([&] {
        const auto own = factory();
        for (int i = 0; !stop; ++i) {
            const std::string gid = "g" + std::to_string(i);
            if (slot_for(gid) != slot) continue;
            outcomes[gid] = apply_one(*own, insert(saga(gid)));
            if (outcomes[gid] == Outcome::ok) ++made;
        }
    });
    EXPECT_TRUE(wait_until([&] { return made > 50; }));
    const std::string number = std::to_string(slot);
    EXPECT_EQ(target.cli({"cluster", "setslot", number, "importing", id_of(source)}), "OK");
    EXPECT_EQ(source.cli({"cluster", "setslot", number, "migrating", id_of(target)}), "OK");
    const auto move_all = [&] {
        const auto keys = source.cli({"cluster", "getkeysinslot", number, "20"});
        if (keys.empty()) return true;
        std::vector<std::string> words{"migrate", "127.0.0.1", std::to_string(target.port()), "", "0", "5000", "keys"};
        std::istringstream lines(keys);
        for (std::string key; std::getline(lines, key);) words.push_back(key);
        source.cli(words);
        return false;
    };
    EXPECT_TRUE(wait_until(move_all, 60));
    for (RedisServer* node : {&target, &source, nodes[2].get()}) {
        node->cli({"cluster", "setslot", number, "node", id_of(target)});
    }
    const int before = made;
    EXPECT_TRUE(wait_until([&] { return made > before + 50; }, 60));
    stop = true;
    client.join();

    for (const auto& [gid, outcome] : outcomes) {
        ASSERT_NE(outcome, Outcome::unknown) << gid;
        ASSERT_NE(outcome, Outcome::conflict) << gid << " was inserted once only";
        const auto loaded = backend->load(gid);
        ASSERT_TRUE(loaded) << loaded.error().what;
        ASSERT_EQ(loaded->has_value(), outcome == Outcome::ok) << gid;
    }
    EXPECT_EQ(target.cli({"exists", "{a:" + std::to_string(redis::Layout("{a}", 16).slice_of(first)) + "}_g_g0"}), "1");
}

TEST_F(RedisCluster, HoldsUpOnlyWhatALostPrimaryHad) {
    const auto backend = open_or_throw(options)();
    std::map<RedisServer*, std::string> examples;
    for (int i = 0; examples.size() < 3; ++i) {
        const std::string gid = "g" + std::to_string(i);
        if (!examples.emplace(&owner_of(slot_for(gid)), gid).second) continue;
        ASSERT_EQ(apply_one(*backend, insert(saga(gid))), Outcome::ok);
    }
    RedisServer& lost = owner_of(slot_for(examples[nodes[2].get()]));
    lost.kill();
    const auto claims = backend->claim_due(at(100), at(5000), 10);
    ASSERT_TRUE(claims) << claims.error().what;
    EXPECT_EQ(claims->transactions.size(), 2u) << "the other two";
    for (const auto& [node, gid] : examples) {
        const auto change = [&] { return apply_one(*backend, turn(gid, Status::submitted, Status::succeed)); };
        if (node == &lost) {
            EXPECT_EQ(change(), Outcome::unavailable);
        } else {
            EXPECT_EQ(change(), Outcome::ok);
        }
    }
    const auto down = backend->ping();
    ASSERT_FALSE(down);
    EXPECT_EQ(down.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace dtmd::store::test
