#include "store/mysql/mysql_backend.h"
#include "store_contract/mysql_rig.h"
#include "store_contract/samples.h"
#include "store_contract/servers/mariadb.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

// Several nodes share what is due, with and without SKIP LOCKED.
namespace dtmd::store::test {
namespace {

using namespace std::chrono_literals;
using txn::Status;

constexpr int many = 1000;

void fill(Backend& backend) {
    std::vector<Mutation> batch;
    for (int i = 0; i < many; ++i) {
        auto record = i % 3 == 0 ? tcc("g" + std::to_string(i), at(i % 7)) : saga("g" + std::to_string(i), at(i % 7));
        if (i % 3 == 2) record.status = Status::aborting;
        batch.push_back(insert(std::move(record)));
    }
    std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
    ASSERT_TRUE(backend.apply(batch, outcomes));
    ASSERT_EQ(outcomes, std::vector<Outcome>(many, Outcome::ok));
}

// Three nodes claim until nothing is due any more. Each claim is checked for being complete.
std::map<std::string, int> claim_all(const MySqlOptions& options) {
    std::map<std::string, int> taken[3];
    std::vector<std::thread> nodes;
    for (auto& mine : taken) {
        nodes.emplace_back([&] {
            const auto backend = open_backend(options);
            for (int empty_rounds = 0; empty_rounds < 3;) {
                const auto claims = backend->claim_due(at(10), at(60'000), 16);
                ASSERT_TRUE(claims) << claims.error().what;
                // Others may hold all that is left for a moment, without taking it.
                empty_rounds = claims->transactions.empty() ? empty_rounds + 1 : 0;
                for (const auto& transaction : claims->transactions) {
                    ++mine[transaction.gid];
                    EXPECT_EQ(transaction.next_cron_time, at(60'000));
                    EXPECT_EQ(transaction.branches.size(), transaction.mode == txn::Mode::saga ? 4u : 0u);
                }
            }
        });
    }
    for (auto& node : nodes) node.join();
    std::map<std::string, int> all;
    for (const auto& mine : taken) {
        for (const auto& [gid, count] : mine) all[gid] += count;
    }
    return all;
}

void expect_each_once(const std::map<std::string, int>& all) {
    EXPECT_EQ(all.size(), static_cast<std::size_t>(many));
    for (const auto& [gid, count] : all) EXPECT_EQ(count, 1) << gid;
}

TEST(MySqlClaims, GoToOneOfThreeNodesEach) {
    set_tick(1s);
    const auto options = MariaDb::shared().options(MariaDb::fresh_name());
    fill(*open_backend(options));
    expect_each_once(claim_all(options));
    MariaDb::shared().run("DROP DATABASE " + options.database);
}

// What the server calls itself decides which statements it is given.
class MySqlOldServer : public testing::Test {
protected:
    MySqlOldServer() : server({"--version=5.7.44-log"}), options(server.options("dtm")) { set_tick(1s); }

    MariaDb server;
    MySqlOptions options;
};

TEST_F(MySqlOldServer, ClaimsEachOnceWithoutSkipLocked) {
    fill(*open_backend(options));
    server.run("SET GLOBAL general_log=1; SET GLOBAL log_output='TABLE'");
    expect_each_once(claim_all(options));
    server.run("SET GLOBAL general_log=0");
    EXPECT_EQ(server.run("SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE '%SKIP LOCKED%'"
                         " AND argument NOT LIKE '%general_log%'")[0],
              "0");
}

TEST_F(MySqlOldServer, ClaimsTheLongestOverdueAndTellsWhatIsNext) {
    const auto backend = open_backend(options);
    std::vector<Mutation> batch{insert(saga("late", at(1))), insert(tcc("later", at(2))), insert(saga("latest", at(3))),
                                insert(tcc("future", at(50)))};
    std::vector<Outcome> outcomes(4);
    ASSERT_TRUE(backend->apply(batch, outcomes));
    auto claims = backend->claim_due(at(10), at(100), 2);
    ASSERT_TRUE(claims) << claims.error().what;
    EXPECT_EQ(gids(claims->transactions), (std::vector<std::string>{"late", "later"}));
    EXPECT_EQ(claims->oldest_due, at(1));
    claims = backend->claim_due(at(10), at(100), 5);
    EXPECT_EQ(gids(claims->transactions), std::vector<std::string>{"latest"});
    EXPECT_EQ(claims->next_due, at(50));
    EXPECT_EQ(*backend->expire(at(5000), 10), 0u);
}

TEST(MySqlClaims, PassByWhatAnotherClientHasLocked) {
    set_tick(1s);
    auto& server = MariaDb::shared();
    const auto options = server.options(MariaDb::fresh_name());
    const auto backend = open_backend(options);
    std::vector<Mutation> batch{insert(saga("locked", at(1))), insert(saga("free", at(2)))};
    std::vector<Outcome> outcomes(2);
    ASSERT_TRUE(backend->apply(batch, outcomes));
    MariaDbClient rival(server.socket(), options.database);
    rival.run("START TRANSACTION;SELECT * FROM trans_global WHERE gid='locked' FOR UPDATE");
    EXPECT_EQ(gids(backend->claim_due(at(10), at(100), 10)->transactions), std::vector<std::string>{"free"});
    rival.run("ROLLBACK");
    EXPECT_EQ(gids(backend->claim_due(at(10), at(100), 10)->transactions), std::vector<std::string>{"locked"});
    server.run("DROP DATABASE " + options.database);
}

TEST(MySqlClaims, TakeTheRightToWriteFromWhoHadItBefore) {
    set_tick(1s);
    auto& server = MariaDb::shared();
    const auto options = server.options(MariaDb::fresh_name());
    const auto backend = open_backend(options);
    std::vector<Outcome> outcome(1);
    const auto write = [&](Time lease, Time next) {
        auto mutation = update("g", Status::submitted, {});
        mutation.patch.next_cron_time = next;
        mutation.patch.update_time = at(5);
        mutation.expect_lease = lease;
        EXPECT_TRUE(backend->apply(std::vector{mutation}, outcome));
        return outcome[0];
    };
    ASSERT_TRUE(backend->apply(std::vector{insert(saga("g", at(1)))}, outcome));
    EXPECT_EQ(write(at(1), at(20) - 1ms), Outcome::ok);
    EXPECT_EQ(write(at(1), at(30)), Outcome::not_found) << "that lease is over";
    EXPECT_EQ(write(at(20) - 1ms, at(30)), Outcome::ok) << "rounded as it was kept";
    EXPECT_EQ(backend->claim_due(at(40), at(60), 10)->transactions.size(), 1u);
    EXPECT_EQ(write(at(30), at(70)), Outcome::not_found);
    EXPECT_EQ(write(at(60), at(70)), Outcome::ok);
    server.run("DROP DATABASE " + options.database);
}

// A row that neither dtm nor we could have written must not stop the others.
TEST(MySqlClaims, LeaveOutWhatCannotBeRead) {
    set_tick(1s);
    auto& server = MariaDb::shared();
    auto options = server.options(MariaDb::fresh_name());
    std::vector<std::string> refusals;
    options.on_refusal = [&](const std::string& why) { refusals.push_back(why); };
    const auto backend = open_backend(options);
    std::vector<Mutation> batch{insert(saga("strange", at(1))), insert(saga("plain", at(2)))};
    std::vector<Outcome> outcomes(2);
    ASSERT_TRUE(backend->apply(batch, outcomes));
    server.run("UPDATE trans_global SET trans_type='plugin' WHERE gid='strange'", options.database);
    EXPECT_EQ(gids(backend->claim_due(at(10), at(100), 10)->transactions), std::vector<std::string>{"plain"});
    ASSERT_EQ(refusals.size(), 1u);
    EXPECT_NE(refusals[0].find("strange: its column trans_type says 'plugin'"), std::string::npos) << refusals[0];
    EXPECT_TRUE(backend->claim_due(at(10), at(100), 10)->transactions.empty()) << "it has a lease all the same";
    EXPECT_EQ(backend->load("strange").error().code, Errc::invalid);
    EXPECT_EQ(gids(backend->list({}, "", 10)->transactions), std::vector<std::string>{"plain"});
    server.run("DROP DATABASE " + options.database);
}

}  // namespace
}  // namespace dtmd::store::test
