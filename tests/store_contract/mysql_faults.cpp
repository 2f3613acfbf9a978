#include "store/mysql/mysql_backend.h"
#include "store_contract/mysql_rig.h"
#include "store_contract/outage.h"
#include "store_contract/samples.h"
#include "store_contract/servers/mariadb.h"
#include "support/ports.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

// What goes wrong between us and the server, and what the caller may then assume.
namespace dtmd::store::test {
namespace {

using namespace std::chrono_literals;
using txn::Status;

template <class Condition>
bool comes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

// What a batch of one came to.
struct Done {
    Result<void> whole;
    Outcome outcome;
};

Done apply(Backend& backend, Mutation mutation) {
    std::vector<Outcome> outcomes(1, Outcome::unknown);
    const std::vector<Mutation> batch{std::move(mutation)};
    auto whole = backend.apply(batch, outcomes);
    return {whole, outcomes[0]};
}

bool is_done(Backend& backend, Mutation mutation) {
    const Done done = apply(backend, std::move(mutation));
    return done.whole && done.outcome == Outcome::ok;
}

class MySqlFaults : public testing::Test {
protected:
    MySqlFaults() : server(MariaDb::shared()), options(server.options(MariaDb::fresh_name())) {
        set_tick(1s);
        auto patient = options;
        patient.lock_timeout = 60s;
        patient.timeout = 90s;
        backend = open_backend(patient);
        backend->ping().value();
    }
    ~MySqlFaults() override {
        backend.reset();
        server.run("DROP DATABASE IF EXISTS " + options.database);
    }

    std::string our_connection() {
        const auto ids = server.run("SELECT id FROM information_schema.processlist WHERE user='dtmd' AND db='" +
                                    options.database + "'");
        return ids.size() == 1 ? ids[0] : "0";
    }

    void end_our_connection() {
        server.run("KILL " + our_connection());
        ASSERT_TRUE(comes_true([&] { return our_connection() == "0"; }));
    }

    bool is_waiting_for_a_lock() {
        std::this_thread::sleep_for(150ms);  // The table is made anew only if nobody has looked for 100 ms.
        return server
                   .run(
                       "SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state='LOCK WAIT' AND "
                       "trx_mysql_thread_id=" +
                       our_connection())
                   .size() == 1;
    }

    // Commits of everyone wait from now on, until this client says END or goes away.
    std::unique_ptr<MariaDbClient> block_commits() {
        auto client = std::make_unique<MariaDbClient>(server.socket(), "");
        client->run("BACKUP STAGE START;BACKUP STAGE FLUSH;BACKUP STAGE BLOCK_DDL;BACKUP STAGE BLOCK_COMMIT");
        return client;
    }

    bool is_committing() {
        return server
                   .run("SELECT id FROM information_schema.processlist WHERE info='COMMIT' AND id=" + our_connection())
                   .size() == 1;
    }

    MariaDb& server;
    const MySqlOptions options;
    std::unique_ptr<Backend> backend;
};

TEST_F(MySqlFaults, WinsInTheEndAfterADeadlock) {
    for (const char* gid : {"a", "b"}) ASSERT_TRUE(is_done(*backend, insert(saga(gid))));
    MariaDbClient rival(server.socket(), options.database);
    rival.run(
        "CREATE TABLE heavy (n int) ENGINE=InnoDB;START TRANSACTION;INSERT INTO heavy SELECT seq FROM seq_1_to_500;"
        "SELECT * FROM trans_global WHERE gid='b' FOR UPDATE");
    const std::vector<Mutation> batch{turn("a", Status::submitted, Status::succeed),
                                      turn("b", Status::submitted, Status::succeed)};
    std::vector<Outcome> outcomes(2, Outcome::unknown);
    auto written = std::async(std::launch::async, [&] { return backend->apply(batch, outcomes); });
    ASSERT_TRUE(comes_true([&] { return is_waiting_for_a_lock(); }));
    rival.run(
        "SELECT * FROM trans_global WHERE gid='a' FOR UPDATE");  // Now each waits for the other: we are the lighter.
    rival.run("COMMIT");
    const auto result = written.get();
    ASSERT_TRUE(result) << result.error().what;
    EXPECT_EQ(outcomes, std::vector<Outcome>(2, Outcome::ok));
    EXPECT_EQ((*backend->load("a"))->status, Status::succeed);
}

TEST_F(MySqlFaults, WritesPastARowThatAStrangerKeepsLocked) {
    for (const char* gid : {"a", "stuck", "z"}) ASSERT_TRUE(is_done(*backend, insert(saga(gid))));
    const auto hasty = open_backend(options);
    MariaDbClient rival(server.socket(), options.database);
    rival.run(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;START TRANSACTION;"
        "SELECT * FROM trans_global WHERE gid='stuck' FOR UPDATE");
    Patch patch;
    patch.rows.push_back({.row = 1, .status = txn::BranchStatus::succeed});
    const std::vector<Mutation> batch{turn("a", Status::submitted, Status::succeed),
                                      update("stuck", Status::submitted, patch),
                                      insert(saga("new")),
                                      insert(saga("stuck")),
                                      turn("z", Status::submitted, Status::failed),
                                      turn("none", Status::submitted, Status::failed)};
    std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
    const auto start = std::chrono::steady_clock::now();
    const auto written = hasty->apply(std::span(batch).first(3), std::span(outcomes).first(3));
    ASSERT_TRUE(written) << written.error().what;
    ASSERT_TRUE(hasty->apply(std::span(batch).last(3), std::span(outcomes).last(3)));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 8s);
    EXPECT_EQ(outcomes, (std::vector<Outcome>{Outcome::ok, Outcome::unavailable, Outcome::ok, Outcome::unavailable,
                                              Outcome::ok, Outcome::not_found}));
    rival.run("ROLLBACK");
    EXPECT_TRUE(is_done(*backend, update("stuck", Status::submitted, patch)));
    EXPECT_EQ((*backend->load("stuck"))->branches[1].status, txn::BranchStatus::succeed);
}

TEST_F(MySqlFaults, NoticesAConnectionThatWasClosedWhileIdle) {
    end_our_connection();
    EXPECT_TRUE(is_done(*backend, insert(saga("g")))) << "nothing was sent, so nothing is uncertain";
    end_our_connection();
    EXPECT_TRUE(is_done(*backend, turn("g", Status::submitted, Status::aborting)));
    end_our_connection();
    EXPECT_EQ((*backend->load("g"))->status, Status::aborting);
    end_our_connection();
    EXPECT_TRUE(backend->ping());
}

TEST_F(MySqlFaults, KnowsThatNothingHappenedBeforeTheCommit) {
    ASSERT_TRUE(is_done(*backend, insert(saga("g"))));
    MariaDbClient rival(server.socket(), options.database);
    rival.run("START TRANSACTION;SELECT * FROM trans_global WHERE gid='g' FOR UPDATE");
    auto stop = turn("g", Status::submitted, Status::failed);
    stop.any_status = true;  // So it has to be read first.
    auto written = std::async(std::launch::async, [&] { return apply(*backend, stop); });
    ASSERT_TRUE(comes_true([&] { return is_waiting_for_a_lock(); }));
    server.run("KILL " + our_connection());
    const Done done = written.get();
    ASSERT_FALSE(done.whole);
    EXPECT_EQ(done.whole.error().code, Errc::unavailable) << done.whole.error().what;
    rival.run("ROLLBACK");
    EXPECT_EQ((*backend->load("g"))->status, Status::submitted);
}

TEST_F(MySqlFaults, DoesNotGuessWhenTheConnectionBreaksInTheCommit) {
    ASSERT_TRUE(is_done(*backend, insert(saga("g"))));
    auto blocker = block_commits();
    auto written =
        std::async(std::launch::async, [&] { return apply(*backend, turn("g", Status::submitted, Status::succeed)); });
    ASSERT_TRUE(comes_true([&] { return is_committing(); }));
    server.run("KILL " + our_connection());
    const Done done = written.get();
    ASSERT_FALSE(done.whole);
    EXPECT_EQ(done.whole.error().code, Errc::unknown) << done.whole.error().what;
    blocker.reset();
    EXPECT_TRUE((*backend->load("g")).has_value());
}

TEST_F(MySqlFaults, AnswersTwoInsertsOfOneGidDifferently) {
    constexpr int rounds = 40;
    std::atomic<int> won{0}, lost{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
            const auto own = open_backend(options);
            for (int i = 0; i < rounds; ++i) {
                const std::vector<Mutation> batch{insert(saga("own" + std::to_string(t) + "-" + std::to_string(i))),
                                                  insert(saga("shared" + std::to_string(i)))};
                std::vector<Outcome> outcomes(2, Outcome::unknown);
                const auto result = own->apply(batch, outcomes);
                ASSERT_TRUE(result) << result.error().what;
                EXPECT_EQ(outcomes[0], Outcome::ok);
                if (outcomes[1] == Outcome::ok) ++won;
                if (outcomes[1] == Outcome::conflict) ++lost;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(won, rounds);
    EXPECT_EQ(lost, 2 * rounds);
    EXPECT_EQ(server.run("SELECT COUNT(*) FROM trans_branch_op", options.database)[0], std::to_string(4 * 4 * rounds));
}

TEST_F(MySqlFaults, InsertsAgainWhatSomeoneRemovedWithoutItsBranches) {
    ASSERT_TRUE(is_done(*backend, insert(saga("g"))));
    server.run("DELETE FROM trans_global", options.database);
    auto again = saga("g");
    again.branches.resize(2);
    EXPECT_TRUE(is_done(*backend, insert(again)));
    EXPECT_EQ(**backend->load("g"), as_rows_keep(again));
}

TEST(MySqlServer, MayRestartAndMayComeLater) {
    set_tick(1s);
    MariaDb server;
    const auto backend = open_backend(server.options("dtm"));
    ASSERT_TRUE(is_done(*backend, insert(saga("before"))));
    server.stop();

    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        const Done done = apply(*backend, insert(saga("meanwhile")));
        ASSERT_FALSE(done.whole);
        EXPECT_EQ(done.whole.error().code, Errc::unavailable) << done.whole.error().what;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    const auto down = backend->ping();
    ASSERT_FALSE(down);
    EXPECT_NE(down.error().what.find("127.0.0.1:" + std::to_string(server.port())), std::string::npos);
    EXPECT_NE(down.error().what.find("Store.Host"), std::string::npos) << down.error().what;
    const auto late = open_backend(server.options("dtm"));
    EXPECT_FALSE(late->ping());

    server.start();
    EXPECT_TRUE(comes_true([&] { return backend->ping().has_value() && late->ping().has_value(); }));
    EXPECT_TRUE((*backend->load("before")).has_value());
    EXPECT_FALSE((*backend->load("meanwhile")).has_value());
    EXPECT_TRUE(is_done(*late, insert(saga("after"))));
}

TEST(MySqlServer, MayBeKilledInTheCommit) {
    set_tick(1s);
    MariaDb server;
    const auto backend = open_backend(server.options("dtm"));
    ASSERT_TRUE(is_done(*backend, insert(saga("g"))));
    {
        MariaDbClient blocker(server.socket(), "");
        blocker.run("BACKUP STAGE START;BACKUP STAGE FLUSH;BACKUP STAGE BLOCK_DDL;BACKUP STAGE BLOCK_COMMIT");
        auto written = std::async(std::launch::async, [&] { return apply(*backend, insert(saga("h"))); });
        ASSERT_TRUE(comes_true([&] {
            return server.run("SELECT id FROM information_schema.processlist WHERE info='COMMIT'").size() == 1;
        }));
        server.kill();
        const Done done = written.get();
        ASSERT_FALSE(done.whole);
        EXPECT_EQ(done.whole.error().code, Errc::unknown) << done.whole.error().what;
    }
    server.start();
    ASSERT_TRUE(comes_true([&] { return backend->ping().has_value(); }));
    EXPECT_TRUE((*backend->load("g")).has_value()) << "what was acknowledged survives";
    EXPECT_FALSE((*backend->load("h")).has_value()) << "it had not been committed";
}

// A server that hangs takes connections and says nothing: an attempt costs a time-out. Not everybody is to wait for it.
TEST(MySqlServer, IsSaidToBeAwayAtOnceHalfOfTheTimeWhenItHangs) {
    MariaDb server;
    auto options = server.options("dtm");
    options.connect_timeout = options.timeout = 2s;
    const auto backend = open_backend(options);
    ASSERT_TRUE(is_done(*backend, insert(saga("g"))));
    server.pause();
    ASSERT_TRUE(comes_true([&] { return !backend->ping(); })) << "the old connection gets no answer, nor a new one";
    EXPECT_TRUE(answers_at_once_for(*backend, 1s));
    server.resume();
    ASSERT_TRUE(comes_true([&] { return backend->ping().has_value(); }));
    EXPECT_TRUE((*backend->load("g")).has_value());
}

TEST(MySqlServer, IsLeftForTheNextHostWhenItIsDemoted) {
    set_tick(1s);
    MariaDb first, second;
    auto options = first.options("dtm");
    options.hosts.insert(options.hosts.begin(), {.host = "127.0.0.1", .port = ports::reserve()});  // Nobody is there.
    options.hosts.push_back(second.options("dtm").hosts[0]);
    std::vector<std::string> servers;
    options.on_report = [&](const sql::ServerReport& report) { servers.push_back(report.server); };
    auto factory = open_mysql(options);
    const auto backend = (*factory)();
    EXPECT_TRUE(is_done(*backend, insert(saga("a"))));
    EXPECT_EQ(servers, std::vector<std::string>{options.hosts[1].text()});

    first.run("SET GLOBAL read_only=1");
    const Done refused = apply(*backend, insert(saga("b")));
    ASSERT_FALSE(refused.whole);
    EXPECT_EQ(refused.whole.error().code, Errc::unavailable) << refused.whole.error().what;
    EXPECT_TRUE(is_done(*backend, insert(saga("b"))));
    EXPECT_EQ(servers.back(), options.hosts[2].text());
    EXPECT_TRUE(is_done(*(*factory)(), insert(saga("c")))) << "all connections remember which host works";
    EXPECT_EQ(second.run("SELECT gid FROM trans_global ORDER BY id", "dtm"), (std::vector<std::string>{"b", "c"}));

    second.run("SET GLOBAL read_only=1");
    ASSERT_FALSE(backend->ping()) << "also where nothing is written";
    const Done nowhere = apply(*backend, insert(saga("d")));
    ASSERT_FALSE(nowhere.whole);
    EXPECT_EQ(nowhere.whole.error().code, Errc::unavailable);
    EXPECT_NE(nowhere.whole.error().what.find("read-only"), std::string::npos) << nowhere.whole.error().what;
    first.run("SET GLOBAL read_only=0");
    EXPECT_TRUE(comes_true([&] { return is_done(*backend, insert(saga("d"))); }));
    EXPECT_EQ(first.run("SELECT gid FROM trans_global ORDER BY id", "dtm"), (std::vector<std::string>{"a", "d"}));
}

TEST(MySqlServer, IsReportedWithWhatItCouldLose) {
    MariaDb server({"--innodb-flush-log-at-trx-commit=2", "--log-bin=log", "--server-id=1", "--sync-binlog=0"});
    auto options = server.options("dtm");
    std::vector<sql::ServerReport> reports;
    options.on_report = [&](const sql::ServerReport& report) { reports.push_back(report); };
    auto factory = open_mysql(options);
    for (int i = 0; i < 3; ++i) (*factory)()->ping().value();
    ASSERT_EQ(reports.size(), 1u) << "once, not for every connection";
    EXPECT_NE(reports[0].version.find("MariaDB"), std::string::npos);
    EXPECT_FALSE(reports[0].is_durable());
    ASSERT_EQ(reports[0].risks.size(), 2u);
    EXPECT_TRUE(reports[0].risks[0].starts_with("innodb_flush_log_at_trx_commit is 2: a power cut"))
        << reports[0].risks[0];
    EXPECT_TRUE(reports[0].risks[1].starts_with("sync_binlog is 0")) << reports[0].risks[1];
    EXPECT_TRUE(reports[0].notes.empty());

    options.require_durable = true;
    const auto strict = open_backend(options);
    const auto refused = strict->ping();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("RequireDurable"), std::string::npos) << refused.error().what;
    server.run("SET GLOBAL innodb_flush_log_at_trx_commit=1; SET GLOBAL sync_binlog=1");
    EXPECT_TRUE(comes_true([&] { return strict->ping().has_value(); }));
    EXPECT_TRUE(reports.back().is_durable());
}

TEST(MySqlServer, SaysWhoMayNotComeIn) {
    auto options = MariaDb::shared().options("dtm");
    options.password = "wrong";
    const auto refused = open_backend(options)->ping();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_NE(refused.error().what.find("Store.Password"), std::string::npos) << refused.error().what;
    EXPECT_EQ(refused.error().what.find("wrong"), std::string::npos) << "no secrets";
    EXPECT_FALSE(open_mysql({}).has_value());
}

TEST(MySqlServer, TellsItsOwnTime) {
    const auto backend = open_backend(MariaDb::shared().options("clocks"));
    const auto before = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    const auto told = backend->clock();
    const auto after = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    ASSERT_TRUE(told && *told);
    EXPECT_GE(**told, before);
    EXPECT_LE(**told, after);
}

}  // namespace
}  // namespace dtmd::store::test
