#include "store_contract/outage.h"
#include "store_contract/postgres_store.h"

// Locks, deadlocks, lost connections and servers that go away: what is answered is what happened.
namespace dtmd::store::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre, testing::HasSubstr;
using txn::Status;

constexpr const char* is_ours = "application_name='dtmd' AND pid<>pg_backend_pid()";

// A test with a server of its own, which it may kill.
class PostgresFailures : public PostgresStore {
protected:
    PostgresFailures() : server({"deadlock_timeout=400ms"}), client(server) {
        options = server.options("public");
        options.timeout = 2s;
        options.connect_timeout = 2s;
        backend = open_backend(options);
        apply(*backend, insert(saga("a")));
        apply(*backend, insert(saga("b")));
    }

    // Waits until our backend waits for a lock.
    void wait_for_waiter(PostgresClient& watcher) {
        wait_for([&] {
            const auto waiting = watcher.run("SELECT pid FROM pg_stat_activity WHERE " + std::string(is_ours) +
                                             " AND wait_event_type='Lock'");
            return !waiting.empty();
        });
    }

    void end_backend(PostgresClient& watcher) {
        watcher.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE " + std::string(is_ours));
    }

    Error run_and_kill(const std::vector<Mutation>& batch) {
        PostgresClient watcher(server);
        Error error{Errc::invalid, ""};
        std::thread writer([&] { error = failure_of(*backend, batch); });
        wait_for_waiter(watcher);
        end_backend(watcher);
        writer.join();
        return error;
    }

    PostgresServer server;
    PostgresClient client;
    std::unique_ptr<Backend> backend;
};

TEST_F(PostgresFailures, TriesAgainAfterADeadlock) {
    client.run("BEGIN; SET LOCAL deadlock_timeout='60s'; UPDATE trans_global SET owner='x' WHERE gid='b'");
    std::vector<Outcome> outcomes;
    std::thread writer([&] {
        outcomes = apply(
            *backend, {turn("a", Status::submitted, Status::succeed), turn("b", Status::submitted, Status::succeed)});
    });
    PostgresClient watcher(server);
    wait_for_waiter(watcher);
    client.begin("UPDATE trans_global SET owner='x' WHERE gid='a'; COMMIT");
    EXPECT_TRUE(client.finish()) << "ours should have been the one that gives way";
    writer.join();
    EXPECT_THAT(outcomes, ElementsAre(Outcome::ok, Outcome::ok));
    EXPECT_EQ(load(*backend, "a")->owner + load(*backend, "b")->owner, "xx");
}

TEST_F(PostgresFailures, LeavesARowThatIsLockedForLongAndWritesTheOthers) {
    client.run("BEGIN; SELECT 1 FROM trans_global WHERE gid='a' FOR UPDATE");
    const auto outcomes =
        apply(*backend, {turn("a", Status::submitted, Status::succeed), turn("b", Status::submitted, Status::succeed),
                         turn("missing", Status::submitted, Status::succeed), insert(saga("new"))});
    EXPECT_THAT(outcomes, ElementsAre(Outcome::unavailable, Outcome::ok, Outcome::not_found, Outcome::ok));
    client.run("ROLLBACK");
    EXPECT_EQ(load(*backend, "a")->status, Status::submitted);
    EXPECT_EQ(load(*backend, "b")->status, Status::succeed);
    EXPECT_EQ(apply(*backend, turn("a", Status::submitted, Status::succeed)), Outcome::ok);
}

TEST_F(PostgresFailures, SaysUnavailableWhenATableIsLockedForLong) {
    client.run("BEGIN; LOCK TABLE trans_global IN ACCESS EXCLUSIVE MODE");
    const auto error = failure_of(*backend, {insert(saga("c"))});
    EXPECT_EQ(error.code, Errc::unavailable);
    EXPECT_THAT(error.what, HasSubstr("55P03"));
    client.run("ROLLBACK");
    EXPECT_EQ(apply(*backend, insert(saga("c"))), Outcome::ok);
}

TEST_F(PostgresFailures, ClaimsPastLockedRows) {
    client.run("BEGIN; SELECT 1 FROM trans_global WHERE gid='a' FOR UPDATE");
    const auto claims = backend->claim_due(at(10), at(100), 10);
    ASSERT_TRUE(claims) << claims.error().what;
    EXPECT_THAT(gids(claims->transactions), ElementsAre("b"));
    client.run("ROLLBACK");
    EXPECT_THAT(gids(backend->claim_due(at(10), at(100), 10)->transactions), ElementsAre("a"));
}

TEST_F(PostgresFailures, IsCertainThatNothingHappenedWhenItWasKilledBeforeTheCommit) {
    client.run("BEGIN; SELECT 1 FROM trans_global WHERE gid='a' FOR UPDATE");
    const auto error = run_and_kill({insert(saga("c")), turn("a", Status::submitted, Status::succeed)});
    client.run("ROLLBACK");
    EXPECT_EQ(error.code, Errc::unavailable) << error.what;
    EXPECT_THAT(error.what, HasSubstr("57P01"));
    EXPECT_FALSE(load(*backend, "c"));
    EXPECT_EQ(load(*backend, "a")->status, Status::submitted);
}

TEST_F(PostgresFailures, IsCertainAlsoWhenTheCommitHadBeenSentButNotReached) {
    client.run(
        "BEGIN; INSERT INTO trans_global (gid,trans_type,status,query_prepared,protocol) "
        "VALUES ('c','saga','submitted','','http')");
    const auto error = run_and_kill({insert(saga("c")), turn("a", Status::submitted, Status::succeed)});
    client.run("ROLLBACK");
    EXPECT_EQ(error.code, Errc::unavailable) << error.what;
    EXPECT_THAT(error.what, HasSubstr("57P01"));
    EXPECT_FALSE(load(*backend, "c"));
    EXPECT_EQ(load(*backend, "a")->status, Status::submitted);
}

// A replica that never comes keeps COMMIT waiting for as long as the test needs.
class PostgresCommits : public PostgresFailures {
protected:
    PostgresCommits() {
        server.run("ALTER SYSTEM SET synchronous_standby_names='nobody'");
        server.run("SELECT pg_reload_conf()");
        // The setting holds when another client's commit hangs.
        wait_for([&] {
            probes.push_back(std::make_unique<PostgresClient>(server));
            PostgresClient& probe = *probes.back();
            probe.run("SET application_name='probe'");
            probe.begin("CREATE TABLE probe" + std::to_string(probes.size()) + "()");
            const auto state = [&](const std::string& condition) {
                return !client.run("SELECT 1 FROM pg_stat_activity WHERE application_name='probe' AND " + condition)
                            .empty();
            };
            wait_for([&] { return state("wait_event='SyncRep'") || !state("state='active'"); });
            return state("wait_event='SyncRep'");
        });
    }

    void wait_for_commit(PostgresClient& watcher) {
        wait_for([&] {
            return !watcher
                        .run("SELECT pid FROM pg_stat_activity WHERE " + std::string(is_ours) +
                             " AND wait_event='SyncRep'")
                        .empty();
        });
    }

    std::vector<std::unique_ptr<PostgresClient>> probes;
};

TEST_F(PostgresCommits, DoesNotKnowWhenItWasKilledInTheCommit) {
    PostgresClient watcher(server);
    for (const bool is_mixed : {false, true}) {
        const std::string gid = is_mixed ? "mixed" : "alone";
        std::vector<Mutation> batch;
        batch.push_back(insert(saga(gid)));
        if (is_mixed) batch.push_back(update("a", Status::submitted, {}));
        Error error{Errc::invalid, ""};
        std::thread writer([&] { error = failure_of(*backend, batch); });
        wait_for_commit(watcher);
        end_backend(watcher);
        writer.join();
        EXPECT_EQ(error.code, Errc::unknown) << error.what;
        EXPECT_TRUE(load(*backend, gid)) << "it did happen here";
    }
}

TEST_F(PostgresCommits, DoesNotVouchForACommitWithoutItsReplica) {
    PostgresClient watcher(server);
    Error error{Errc::invalid, ""};
    std::thread writer([&] { error = failure_of(*backend, {insert(saga("c"))}); });
    wait_for_commit(watcher);
    watcher.run("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE " + std::string(is_ours));
    writer.join();
    EXPECT_EQ(error.code, Errc::unknown);
    EXPECT_THAT(error.what, HasSubstr("gave up waiting for its synchronous replica"));
    EXPECT_TRUE(load(*backend, "c"));
}

TEST_F(PostgresCommits, GivesUpOnACommitThatTakesTooLong) {
    EXPECT_EQ(failure_of(*backend, {insert(saga("c"))}).code, Errc::unknown);
    EXPECT_FALSE(load(*backend, "c")) << "nobody sees it until its replica has it";
    EXPECT_EQ(failure_of(*backend, {insert(saga("c"))}).code, Errc::unavailable) << "the first one is in the way";
    server.run("ALTER SYSTEM SET synchronous_standby_names=''");
    server.run("SELECT pg_reload_conf()");
    wait_for([&] { return load(*backend, "c").has_value(); });
    EXPECT_EQ(apply(*backend, insert(saga("c"))), Outcome::conflict);
}

TEST_F(PostgresFailures, ConnectsAnewWhenTheServerHasClosedAnIdleConnection) {
    PostgresClient watcher(server);
    for (int i = 0; i < 3; ++i) {
        end_backend(watcher);
        wait_for([&] { return watcher.run("SELECT 1 FROM pg_stat_activity WHERE " + std::string(is_ours)).empty(); });
        EXPECT_EQ(apply(*backend, insert(saga("g" + std::to_string(i)))), Outcome::ok);
    }
}

TEST_F(PostgresFailures, OutlivesACrashOfTheServerWithAllThatWasAcknowledged) {
    for (int round = 0; round < 3; ++round) {
        const auto gid = "g" + std::to_string(round);
        EXPECT_EQ(apply(*backend, insert(saga(gid))), Outcome::ok);
        server.stop();
        const auto error = failure_of(*backend, {insert(saga("lost"))});
        EXPECT_EQ(error.code, Errc::unavailable);
        EXPECT_THAT(error.what, HasSubstr(options.hosts[0].text()));
        EXPECT_EQ(backend->load("a").error().code, Errc::unavailable);
        EXPECT_FALSE(backend->ping());
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < 20; ++i) EXPECT_FALSE(backend->ping());
        EXPECT_LT(std::chrono::steady_clock::now() - start, 5s) << "it should answer at once while the server is down";
        server.start();
        wait_for([&] { return backend->ping().has_value(); });
        EXPECT_EQ(load(*backend, gid), as_rows_keep(saga(gid)));
        EXPECT_FALSE(load(*backend, "lost"));
    }
}

TEST_F(PostgresFailures, GivesUpOnAServerThatNoLongerAnswers) {
    server.pause();
    auto stop = turn("a", Status::submitted, Status::failed);
    stop.any_status = true;
    const auto silent = failure_of(*backend, {stop});
    EXPECT_EQ(silent.code, Errc::unavailable) << "the first packet only looks";
    EXPECT_THAT(silent.what, HasSubstr("has not answered"));
    EXPECT_EQ(failure_of(*backend, {insert(saga("c"))}).code, Errc::unavailable);
    EXPECT_TRUE(answers_at_once_for(*backend, 1s)) << "not everybody is to wait for each attempt's time-out";
    server.resume();
    wait_for([&] { return backend->ping().has_value(); });
    EXPECT_EQ(apply(*backend, turn("a", Status::submitted, Status::succeed)), Outcome::ok);
}

TEST_F(PostgresFailures, NeedsNoServerToBegin) {
    server.stop();
    auto factory = open_postgres(options);
    ASSERT_TRUE(factory);
    const auto early = (*factory)();
    const auto error = early->ping().error();
    EXPECT_EQ(error.code, Errc::unavailable);
    EXPECT_THAT(error.what, HasSubstr("can't be reached"));
    server.start();
    wait_for([&] { return early->ping().has_value(); });
    EXPECT_TRUE(load(*early, "a"));
}

TEST_F(PostgresFailures, NoticesThatATableWasAltered) {
    EXPECT_TRUE(load(*backend, "a"));
    server.run("ALTER TABLE trans_global ALTER COLUMN trans_type TYPE text");
    EXPECT_TRUE(load(*backend, "a"));
    EXPECT_EQ(apply(*backend, turn("a", Status::submitted, Status::succeed)), Outcome::ok);
}

TEST_F(PostgresFailures, TellsAWrongPasswordFromADeadServer) {
    options.password = "wrong";
    const auto error = open_backend(options)->ping().error();
    EXPECT_EQ(error.code, Errc::unavailable);
    EXPECT_THAT(error.what, HasSubstr("28P01"));
    EXPECT_THAT(error.what, HasSubstr("Store.Password"));
}

TEST_F(PostgresStore, TakesAGidWhoseOldBranchesWereLeftBehind) {
    const auto backend = open_backend(options);
    apply(*backend, {insert(saga("g")), insert(saga("there"))});
    schema.run("DELETE FROM trans_global WHERE gid='g'");
    EXPECT_THAT(apply(*backend, {insert(saga("g")), insert(saga("h")), insert(saga("there"))}),
                ElementsAre(Outcome::ok, Outcome::ok, Outcome::conflict));
    for (const auto* gid : {"g", "h", "there"}) EXPECT_EQ(load(*backend, gid), as_rows_keep(saga(gid)));
}

}  // namespace
}  // namespace dtmd::store::test
