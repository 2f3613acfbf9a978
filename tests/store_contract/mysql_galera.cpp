#include "store/mysql/mysql_backend.h"
#include "store_contract/mysql_rig.h"
#include "store_contract/samples.h"
#include "store_contract/servers/mariadb.h"
#include "support/ports.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <thread>

// Three Galera nodes, all of which take changes, and what happens when one of them is killed.
namespace dtmd::store::test {
namespace {

using namespace std::chrono_literals;
using txn::Status;
using Words = std::vector<std::string>;

template <class Condition>
bool comes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(20ms);
    }
    return true;
}

std::string local(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

class MySqlGalera : public testing::Test {
protected:
    MySqlGalera() {
        std::generate(ports.begin(), ports.end(), ports::reserve);
        set_tick(1s);
        // The others begin as copies of the first, so that none of them has to be sent all the data.
        nodes.push_back(std::make_unique<MariaDb>(settings(0)));
        nodes[0]->stop();
        for (std::size_t i = 1; i < 3; ++i) nodes.push_back(std::make_unique<MariaDb>(*nodes[0], settings(i)));
        for (auto& node : nodes) node->start();
        for (const auto& node : nodes) {
            if (!comes_true([&] { return size_of_cluster(*node) == "3"; })) throw std::runtime_error("no cluster");
        }
    }

    Words settings(std::size_t node) const {
        const std::string group = local(ports[2 * node]);
        return {"--wsrep-on=ON",
                "--wsrep-provider=/usr/lib/galera/libgalera_smm.so",
                "--wsrep-cluster-name=test",
                "--wsrep-cluster-address=gcomm://" + (node == 0 ? std::string() : local(ports[0])),
                "--wsrep-node-name=node" + std::to_string(node),
                "--wsrep-node-address=127.0.0.1",
                "--wsrep-sst-method=mysqldump",
                "--wsrep-provider-options=base_host=127.0.0.1;base_port=" + std::to_string(ports[2 * node]) +
                    ";gmcast.listen_addr=tcp://" + group + ";ist.recv_addr=" + local(ports[2 * node + 1]) +
                    ";gcache.size=16M;evs.keepalive_period=PT0.3S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S",
                "--binlog-format=ROW",
                "--innodb-autoinc-lock-mode=2"};
    }

    static std::string size_of_cluster(const MariaDb& node) {
        return node.run(
            "SELECT variable_value FROM information_schema.global_status WHERE "
            "variable_name='wsrep_cluster_size'")[0];
    }

    /// The nodes from `first` on, then the others.
    MySqlOptions options_from(std::size_t first) const {
        auto options = nodes[first]->options("dtm");
        options.hosts.clear();
        for (std::size_t i = 0; i < 3; ++i) options.hosts.push_back(nodes[(first + i) % 3]->options("").hosts[0]);
        return options;
    }

    std::array<std::uint16_t, 6> ports{};
    std::vector<std::unique_ptr<MariaDb>> nodes;
};

// What three writers were told, one for each node.
struct Ledger {
    std::mutex mutex;
    std::set<std::string> acknowledged, uncertain;
    std::atomic<int> failures{0};
};

void insert_until(const MySqlOptions& options, const std::string& name, const std::atomic<bool>& enough,
                  Ledger& ledger) {
    const auto backend = open_backend(options);
    for (int round = 0; !enough; ++round) {
        std::vector<Mutation> batch;
        for (int i = 0; i < 5; ++i) {
            batch.push_back(insert(saga(name + "-" + std::to_string(round) + "-" + std::to_string(i))));
        }
        std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
        const auto result = backend->apply(batch, outcomes);
        const std::lock_guard lock(ledger.mutex);
        if (!result) ++ledger.failures;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (result && outcomes[i] == Outcome::ok) ledger.acknowledged.insert(batch[i].gid);
            if (!result && result.error().code == Errc::unknown) ledger.uncertain.insert(batch[i].gid);
        }
    }
}

// Runs `work(node, backend)` for each node at the same time.
template <class Work>
void on_each(const std::vector<MySqlOptions>& options, Work work) {
    std::vector<std::thread> threads;
    for (std::size_t node = 0; node < options.size(); ++node) {
        threads.emplace_back([&, node] { work(node, *open_backend(options[node])); });
    }
    for (auto& thread : threads) thread.join();
}

using Counters = std::map<std::string, std::atomic<int>>;

void expect_one_each(const Counters& counters) {
    for (const auto& [gid, count] : counters) EXPECT_EQ(count, 1) << gid;
}

// Changes of the same transaction on different nodes. In a thousand races there are some in which another node's change
// overtakes ours between two of our statements.
void race(const std::vector<MySqlOptions>& options, Counters& winners) {
    on_each(options, [&](std::size_t node, Backend& backend) {
        const Status to = node == 0 ? Status::aborting : Status::submitted;
        for (auto& [gid, count] : winners) {
            std::vector<Outcome> outcome(1, Outcome::unknown);
            const std::vector<Mutation> change{turn(gid, Status::prepared, to)};
            while (!backend.apply(change, outcome)) {
            }
            if (outcome[0] == Outcome::ok) ++count;
        }
    });
}

void claim_all(const std::vector<MySqlOptions>& options, Counters& claimed) {
    on_each(options, [&](std::size_t, Backend& backend) {
        for (int empty_rounds = 0; empty_rounds < 3;) {
            const auto claims = backend.claim_due(at(10), at(100'000), 64);
            if (!claims) continue;
            empty_rounds = claims->transactions.empty() ? empty_rounds + 1 : 0;
            for (const auto& transaction : claims->transactions) ++claimed.at(transaction.gid);
        }
    });
}

TEST_F(MySqlGalera, LetsOneNodeWinAndOneNodeClaim) {
    const std::vector<MySqlOptions> options{options_from(0), options_from(1), options_from(2)};
    std::vector<Mutation> batch;
    Counters winners, claimed;
    for (int i = 0; i < 1000; ++i) {
        batch.push_back(insert(tcc("race" + std::to_string(i), at(1))));
        winners[batch.back().gid] = claimed[batch.back().gid] = 0;
    }
    std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
    ASSERT_TRUE(open_backend(options[0])->apply(batch, outcomes));
    race(options, winners);
    expect_one_each(winners);
    claim_all(options, claimed);
    expect_one_each(claimed);
}

TEST_F(MySqlGalera, LosesNothingWhenANodeIsKilled) {
    open_backend(options_from(0))->ping().value();
    Ledger ledger;
    std::atomic<bool> enough{false};
    std::vector<std::thread> writers;
    for (std::size_t node = 0; node < 3; ++node) {
        writers.emplace_back(
            [&, node] { insert_until(options_from(node), "w" + std::to_string(node), enough, ledger); });
    }
    const auto acknowledged = [&] {
        const std::lock_guard lock(ledger.mutex);
        return ledger.acknowledged.size();
    };
    EXPECT_TRUE(comes_true([&] { return acknowledged() >= 300; }));
    nodes[0]->kill();
    EXPECT_TRUE(comes_true([&] { return size_of_cluster(*nodes[1]) == "2"; }));
    const auto before = acknowledged();
    EXPECT_TRUE(comes_true([&] { return acknowledged() >= before + 300; })) << "all go on, on the nodes that are left";
    enough = true;
    for (auto& writer : writers) writer.join();

    const auto last = open_backend(options_from(2));
    std::size_t lost = 0;
    for (const auto& gid : ledger.acknowledged) {
        const auto found = last->load(gid);
        ASSERT_TRUE(found) << found.error().what;
        if (!*found || (*found)->branches.size() != 4) ++lost;
    }
    EXPECT_EQ(lost, 0u) << "of " << ledger.acknowledged.size();

    // What is left of a cluster that has lost its majority takes no changes.
    nodes[1]->kill();
    EXPECT_TRUE(comes_true([&] { return !last->ping(); }));
    const auto alone = open_backend(options_from(2))->ping();
    ASSERT_FALSE(alone);
    EXPECT_EQ(alone.error().code, Errc::unavailable);
    EXPECT_NE(alone.error().what.find("Galera node outside of its primary component"), std::string::npos)
        << alone.error().what;
}

}  // namespace
}  // namespace dtmd::store::test
