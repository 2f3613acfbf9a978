#include "store_contract/postgres_store.h"

#include <atomic>
#include <set>

// Several hosts: the first that takes changes is used, and another one when it no longer does. Several nodes: each
// transaction belongs to one.
namespace dtmd::store::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using txn::Status;

class PostgresFailover : public PostgresStore {
protected:
    PostgresFailover() : primary(std::make_unique<PostgresServer>()) {
        // The tables are there before the standby is made, and it has everything that was acknowledged.
        EXPECT_TRUE(open_backend(primary->options("public"))->ping());
        standby = primary->make_standby();
        options = primary->options("public");
        options.hosts.insert(options.hosts.begin(), standby->options("public").hosts[0]);
        options.timeout = 5s;
        options.on_report = [this](const sql::ServerReport& report) { reports.push_back(report); };
    }

    std::unique_ptr<PostgresServer> primary, standby;
    std::vector<sql::ServerReport> reports;
};

TEST_F(PostgresFailover, PassesByAStandbyAndFollowsItsPromotion) {
    const auto backend = open_backend(options);
    EXPECT_EQ(apply(*backend, insert(saga("a"))), Outcome::ok);
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].server, primary->options("public").hosts[0].text());
    EXPECT_THAT(reports[0].risks, testing::ElementsAre(HasSubstr("a failover could lose"))) << "it is not synchronous";
    wait_for([&] { return standby->run("SELECT count(*) FROM trans_global").front() == "1"; });

    primary->stop();
    const auto error = failure_of(*backend, {insert(saga("b"))});
    EXPECT_EQ(error.code, Errc::unavailable);
    EXPECT_THAT(error.what, HasSubstr("is read-only"));
    EXPECT_THAT(error.what, HasSubstr("can't be reached"));
    standby->promote();
    wait_for([&] { return backend->ping().has_value(); });
    EXPECT_EQ(apply(*backend, turn("a", Status::submitted, Status::succeed)), Outcome::ok);
    EXPECT_EQ(apply(*backend, insert(saga("b"))), Outcome::ok);
    ASSERT_EQ(reports.size(), 2u);
    EXPECT_EQ(reports[1].server, standby->options("public").hosts[0].text());
}

TEST_F(PostgresFailover, LeavesAServerThatHasBecomeReadOnly) {
    const auto backend = open_backend(options);
    EXPECT_EQ(apply(*backend, insert(saga("a"))), Outcome::ok);
    wait_for([&] { return standby->run("SELECT count(*) FROM trans_global").front() == "1"; });
    standby->promote();
    primary->run("ALTER SYSTEM SET default_transaction_read_only=on");
    primary->run("SELECT pg_reload_conf()");
    PostgresClient client(*primary);
    wait_for([&] { return client.run("SHOW default_transaction_read_only").front() == "on"; });
    // The first attempt finds out, the next one is made elsewhere.
    std::vector<Outcome> outcomes(1);
    const std::vector batch{insert(saga("b"))};
    wait_for([&] {
        const auto done = backend->apply(batch, outcomes);
        EXPECT_TRUE(done || done.error().code == Errc::unavailable) << done.error().what;
        return done.has_value();
    });
    EXPECT_EQ(outcomes[0], Outcome::ok);
    EXPECT_EQ(standby->run("SELECT count(*) FROM trans_global WHERE gid='b'").front(), "1");
    EXPECT_TRUE(backend->ping());
}

TEST_F(PostgresStore, GivesEachTransactionToOneNodeWhileOthersWrite) {
    constexpr int count = 600, nodes = 3;
    const auto setup = open_backend(options);
    std::vector<Mutation> batch;
    for (int i = 0; i < count; ++i) batch.push_back(insert(saga("g" + std::to_string(i), at(i % 7))));
    apply(*setup, batch);

    std::vector<std::vector<std::string>> taken(nodes);
    std::atomic<bool> is_over{false};
    std::vector<std::thread> claimers;
    for (auto& mine : taken) {
        // Each node is a store of its own, as in a process of its own.
        claimers.emplace_back([this, &mine] {
            const auto node = open_backend(options);
            for (int empty = 0; empty < 3;) {
                const auto claims = node->claim_due(at(10), at(60'000), 17);
                ASSERT_TRUE(claims) << claims.error().what;
                empty = claims->transactions.empty() ? empty + 1 : 0;
                std::vector<Mutation> ends;
                for (const auto& claimed : claims->transactions) {
                    EXPECT_EQ(claimed.branches.size(), 4u);
                    mine.push_back(claimed.gid);
                    ends.push_back(turn(claimed.gid, Status::submitted, Status::succeed));
                }
                for (const auto outcome : apply(*node, ends)) EXPECT_EQ(outcome, Outcome::ok);
            }
        });
    }
    std::thread writer([&] {
        const auto node = open_backend(options);
        for (int i = 0; !is_over; ++i) {
            apply(*node, {insert(saga("new" + std::to_string(i), at(50'000))),
                          update("g" + std::to_string(i % count), Status::submitted, {})});
        }
    });
    for (auto& thread : claimers) thread.join();
    is_over = true;
    writer.join();
    std::multiset<std::string> all;
    for (const auto& mine : taken) all.insert(mine.begin(), mine.end());
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size()) << "one was given twice";
    EXPECT_EQ(all.size(), static_cast<std::size_t>(count));
}

TEST_F(PostgresStore, RefusesTheUpdateOfANodeWhoseLeaseAnotherHasTaken) {
    const auto late = open_backend(options), successor = open_backend(options);
    apply(*late, insert(saga("g", at(1))));
    const Time lease = at(20) + Millis(300);  // Kept as the next whole second.
    ASSERT_EQ(late->claim_due(at(10), lease, 10)->transactions.size(), 1u);
    auto mine = turn("g", Status::submitted, Status::aborting);
    mine.expect_lease = lease;
    auto earlier = mine;
    earlier.expect_lease = at(20);
    EXPECT_EQ(apply(*late, earlier), Outcome::not_found);
    ASSERT_EQ(successor->claim_due(at(30), at(60), 10)->transactions.size(), 1u);
    EXPECT_EQ(apply(*late, mine), Outcome::not_found);
    EXPECT_EQ(load(*late, "g")->status, Status::submitted);
    mine.expect_lease = at(60);
    EXPECT_EQ(apply(*successor, mine), Outcome::ok);
}

TEST_F(PostgresStore, WritesBatchesOfManyNodesThatMeetInTheSameRows) {
    constexpr int nodes = 4, rows = 20, rounds = 40;
    const auto setup = open_backend(options);
    std::vector<Mutation> batch;
    for (int i = 0; i < rows; ++i) batch.push_back(insert(saga("g" + std::to_string(i))));
    apply(*setup, batch);
    std::atomic<int> created{0};
    std::vector<std::thread> threads;
    for (int node = 0; node < nodes; ++node) {
        threads.emplace_back([&, node] {
            const auto own = open_backend(options);
            for (int round = 0; round < rounds; ++round) {
                std::vector<Mutation> changes;
                for (int i = 0; i < rows; ++i) {
                    const int row = node % 2 == 0 ? i : rows - 1 - i;  // In every order.
                    changes.push_back(update("g" + std::to_string(row), Status::submitted, {}));
                    changes.back().patch.next_cron_interval = round;
                    changes.push_back(insert(saga("r" + std::to_string(round) + "-" + std::to_string(row))));
                }
                for (const auto outcome : apply(*own, changes)) {
                    EXPECT_TRUE(outcome == Outcome::ok || outcome == Outcome::conflict);
                    created += outcome == Outcome::ok;
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(created, nodes * rounds * rows + rounds * rows) << "each gid is new to exactly one";
    EXPECT_EQ(schema.run("SELECT count(*) FROM trans_branch_op").front(), std::to_string((rounds + 1) * rows * 4));
}

}  // namespace
}  // namespace dtmd::store::test
