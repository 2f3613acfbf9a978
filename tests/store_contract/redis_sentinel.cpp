#include "store_contract/redis_store.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

// A primary with two replicas, watched by three sentinels.
namespace dtmd::store::test {
namespace {

using txn::Status;

class RedisSentinel : public testing::Test {
protected:
    void SetUp() override {
        servers.push_back(std::make_unique<RedisServer>(std::vector<std::string>{"--appendonly", "yes"}));
        const std::string primary = "127.0.0.1 " + std::to_string(servers[0]->port());
        for (int i = 0; i < 2; ++i) {
            servers.push_back(
                std::make_unique<RedisServer>(std::vector<std::string>{"--appendonly", "yes", "--replicaof", primary}));
        }
        for (int i = 0; i < 3; ++i) {
            sentinels.push_back(RedisServer::sentinel({"sentinel monitor bank " + primary + " 2",
                                                       "sentinel down-after-milliseconds bank 1000",
                                                       "sentinel failover-timeout bank 5000"}));
        }
        options.topology = RedisTopology::sentinel;
        options.master_name = "bank";
        for (const auto& sentinel : sentinels) options.hosts.push_back(sentinel->host());
        options.wait_replicas = 1;
        options.timeout = std::chrono::milliseconds(2'000);
        ASSERT_TRUE(wait_until([&] {
            return std::ranges::all_of(sentinels, [](const auto& sentinel) {
                const auto said = sentinel->cli({"info", "sentinel"});
                return said.find("status=ok") != std::string::npos && said.find("slaves=2") != std::string::npos &&
                       said.find("sentinels=3") != std::string::npos;
            });
        }));
        ASSERT_TRUE(wait_until(
            [&] { return servers[0]->cli({"info", "replication"}).find("connected_slaves:2") != std::string::npos; }));
    }

    std::vector<std::unique_ptr<RedisServer>> servers, sentinels;
    RedisOptions options;
};

/// Inserts one transaction after the other and remembers which were acknowledged.
class Client {
public:
    Client(BackendFactory factory, std::string name)
        : factory_(std::move(factory)), name_(std::move(name)), thread_([this] { run(); }) {}
    ~Client() { stop(); }

    void stop() {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
    }
    std::size_t count() {
        const std::lock_guard lock(mutex_);
        return acknowledged_.size();
    }
    std::vector<std::string> acknowledged() {
        const std::lock_guard lock(mutex_);
        return acknowledged_;
    }

private:
    void run() {
        const auto backend = factory_();
        for (int i = 0; !stopping_; ++i) {
            const std::string gid = name_ + std::to_string(i);
            if (apply_one(*backend, insert(saga(gid, at(i)))) != Outcome::ok) {
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
                continue;
            }
            const std::lock_guard lock(mutex_);
            acknowledged_.push_back(gid);
        }
    }

    const BackendFactory factory_;
    const std::string name_;
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::vector<std::string> acknowledged_;
    std::thread thread_;
};

TEST_F(RedisSentinel, LosesNothingAcknowledgedWhenThePrimaryDies) {
    const auto factory = open_or_throw(options);
    Client client(factory, "g");
    ASSERT_TRUE(wait_until([&] { return client.count() > 100; }));
    servers[0]->kill();
    const std::size_t before = client.count();
    ASSERT_TRUE(wait_until([&] { return client.count() > before + 100; }, 60)) << "writes go on with a new primary";
    client.stop();

    const auto backend = factory();
    for (const auto& gid : client.acknowledged()) {
        const auto loaded = backend->load(gid);
        ASSERT_TRUE(loaded) << loaded.error().what;
        ASSERT_TRUE(loaded->has_value()) << gid << " was acknowledged and is lost";
    }
}

TEST_F(RedisSentinel, FollowsASwitchThatAPersonAskedFor) {
    const auto factory = open_or_throw(options);
    const auto backend = factory();
    ASSERT_EQ(apply_one(*backend, insert(saga("before"))), Outcome::ok);
    ASSERT_EQ(sentinels[0]->cli({"sentinel", "failover", "bank"}), "OK");
    const std::string old = std::to_string(servers[0]->port());
    ASSERT_TRUE(wait_until(
        [&] {
            return sentinels[1]->cli({"sentinel", "get-master-addr-by-name", "bank"}).find(old) == std::string::npos;
        },
        60));
    // Until the old primary is a replica it takes changes that the new one never hears of (see the manual).
    ASSERT_TRUE(wait_until([&] { return servers[0]->cli({"role"}).starts_with("slave"); }, 60));
    ASSERT_TRUE(wait_until([&] { return bool(backend->ping()); }, 60));
    const auto outcome = apply_one(*backend, turn("before", Status::submitted, Status::succeed));
    EXPECT_TRUE(outcome == Outcome::ok || outcome == Outcome::unknown);  // A replica may be joining just now.
    EXPECT_EQ(load_one(*backend, "before").status, Status::succeed);
}

// As after two failovers at once: a primary that the sentinels have given up goes on, with a replica that still follows
// it. What it takes is lost as soon as it hears of its successor.
TEST_F(RedisSentinel, LeavesAPrimaryThatTheSentinelsHaveReplaced) {
    const auto backend = open_or_throw(options)();
    ASSERT_EQ(apply_one(*backend, insert(saga("before"))), Outcome::ok);
    ASSERT_EQ(servers[1]->cli({"replicaof", "no", "one"}), "OK");
    const std::string successor = std::to_string(servers[1]->port());
    for (const auto& sentinel : sentinels) {
        ASSERT_EQ(sentinel->cli({"sentinel", "remove", "bank"}), "OK");
        ASSERT_EQ(sentinel->cli({"sentinel", "monitor", "bank", "127.0.0.1", successor, "2"}), "OK");
    }
    int count = 0;
    const auto is_refused = [&] {
        return apply_one(*backend, insert(saga("late" + std::to_string(++count)))) != Outcome::ok;
    };
    EXPECT_TRUE(wait_until(is_refused, 10)) << "the successor has no replica yet, so nothing can be acknowledged";
    servers[2]->cli({"replicaof", "127.0.0.1", successor});
    ASSERT_TRUE(wait_until([&] { return !is_refused(); }));
    const std::string key = "{a}_g_late" + std::to_string(count);
    EXPECT_EQ(servers[1]->cli({"exists", key}), "1");
    EXPECT_EQ(servers[0]->cli({"exists", key}), "0");
}

TEST_F(RedisSentinel, SaysWhichNameNoSentinelKnows) {
    options.master_name = "nobody";
    const auto down = open_or_throw(options)()->ping();
    ASSERT_FALSE(down);
    EXPECT_NE(down.error().what.find("nobody"), std::string::npos) << down.error().what;
}

}  // namespace
}  // namespace dtmd::store::test
