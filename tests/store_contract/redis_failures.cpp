#include "store_contract/outage.h"
#include "store_contract/redis_store.h"

#include <filesystem>
#include <thread>

// What goes wrong with a single server, and what is answered then.
namespace dtmd::store::test {

using txn::Status;

namespace {
using RedisFailures = RedisStore;
}  // namespace

TEST_F(RedisFailures, OpensWithoutAServerAndWorksWhenThereIsOne) {
    server->kill();
    const auto later = open_or_throw(options_for(*server))();
    EXPECT_EQ(apply_one(*later, insert(saga("g"))), Outcome::unavailable);
    const auto down = later->ping();
    ASSERT_FALSE(down);
    EXPECT_EQ(down.error().code, Errc::unavailable);
    EXPECT_NE(down.error().what.find(server->host()), std::string::npos) << down.error().what;
    server->restart();
    EXPECT_TRUE(wait_until([&] { return bool(later->ping()); }));
    EXPECT_EQ(apply_one(*later, insert(saga("g"))), Outcome::ok);
}

TEST_F(RedisFailures, AnswersAtOnceWhileTheServerIsAway) {
    server->kill();
    EXPECT_EQ(apply(insert(saga("g"))), Outcome::unavailable);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(apply(insert(saga("g"))), Outcome::unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST_F(RedisFailures, KeepsWhatItAcknowledgedOverAKill) {
    open({"--appendonly", "yes", "--appendfsync", "always"});
    for (int i = 0; i < 20; ++i) ASSERT_EQ(apply(insert(saga("g" + std::to_string(i)))), Outcome::ok);
    ASSERT_EQ(apply(turn("g0", Status::submitted, Status::succeed)), Outcome::ok);
    server->restart();
    EXPECT_TRUE(wait_until([&] { return bool(backend->ping()); }));
    EXPECT_EQ(load("g0").status, Status::succeed);
    for (int i = 1; i < 20; ++i) EXPECT_EQ(load("g" + std::to_string(i)), saga("g" + std::to_string(i)));
    EXPECT_EQ(backend->counts()->unfinished, 19u);
}

TEST_F(RedisFailures, DoesNotKnowWhatBecameOfAChangeThatWasNotAnswered) {
    auto options = options_for(*server);
    options.timeout = std::chrono::milliseconds(300);
    const auto impatient = open_or_throw(options)();
    ASSERT_EQ(apply_one(*impatient, insert(saga("g"))), Outcome::ok);
    server->pause();
    EXPECT_EQ(apply_one(*impatient, turn("g", Status::submitted, Status::aborting)), Outcome::unknown);
    // This one could not even be sent: there is no connection.
    EXPECT_EQ(apply_one(*impatient, insert(saga("h"))), Outcome::unavailable);
    server->resume();
    EXPECT_TRUE(wait_until([&] { return load("g").status == Status::aborting; })) << "it did happen, this time";
    EXPECT_TRUE(wait_until([&] { return bool(impatient->ping()); }));
    EXPECT_FALSE(impatient->load("h")->has_value());
}

// A server that hangs takes connections and says nothing: an attempt costs a time-out. Not everybody is to wait for it.
TEST_F(RedisFailures, AnswersAtOnceHalfOfTheTimeWhileTheServerHangs) {
    auto options = options_for(*server);
    options.timeout = options.connect_timeout = std::chrono::seconds(2);
    const auto own = open_or_throw(options)();
    ASSERT_EQ(apply_one(*own, insert(saga("g"))), Outcome::ok);
    server->pause();
    ASSERT_TRUE(wait_until([&] { return !own->ping(); })) << "the old connection gets no answer";
    EXPECT_FALSE(own->ping()) << "nor does a new one";
    EXPECT_TRUE(answers_at_once_for(*own, std::chrono::seconds(1)));
    server->resume();
    EXPECT_TRUE(wait_until([&] { return bool(own->ping()); }));
}

TEST_F(RedisFailures, ConnectsAgainWhenTheServerHasEndedTheConnection) {
    ASSERT_EQ(apply(insert(saga("g"))), Outcome::ok);
    cli({"client", "kill", "type", "normal"});
    EXPECT_EQ(apply(insert(saga("h"))), Outcome::ok) << "nothing had been sent on the old one";
}

TEST_F(RedisFailures, LoadsItsScriptsAgainWhenTheyAreGone) {
    ASSERT_EQ(apply(insert(saga("g"))), Outcome::ok);
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(cli({"script", "flush"}), "OK");
        std::vector<Mutation> batch;
        for (int k = 0; k < 50; ++k) batch.push_back(insert(saga(std::to_string(i) + "-" + std::to_string(k))));
        std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
        ASSERT_TRUE(backend->apply(batch, outcomes));
        EXPECT_EQ(outcomes, std::vector<Outcome>(batch.size(), Outcome::ok));
    }
    ASSERT_EQ(cli({"script", "flush"}), "OK");
    EXPECT_EQ(load("g"), saga("g"));
}

TEST_F(RedisFailures, RefusesWhatIsNewWithoutMemoryAndLetsTheRestEnd) {
    ASSERT_EQ(apply(insert(saga("g"))), Outcome::ok);
    ASSERT_EQ(apply(insert(tcc("t"))), Outcome::ok);
    ASSERT_EQ(cli({"config", "set", "maxmemory", "1"}), "OK");
    EXPECT_EQ(apply(insert(saga("h"))), Outcome::unavailable);
    const auto full = backend->ping();
    ASSERT_FALSE(full);
    EXPECT_NE(full.error().what.find("maxmemory"), std::string::npos) << full.error().what;

    Patch patch;
    patch.rows.push_back({.row = 1, .status = txn::BranchStatus::succeed});
    EXPECT_EQ(apply(update("g", Status::submitted, patch)), Outcome::ok);
    EXPECT_EQ(apply(append("t", Status::prepared, {branch("01", "confirm")})), Outcome::ok);
    EXPECT_EQ(apply(turn("g", Status::submitted, Status::succeed)), Outcome::ok);
    EXPECT_EQ(load("g").branches[1].status, txn::BranchStatus::succeed);

    ASSERT_EQ(cli({"config", "set", "maxmemory", "0"}), "OK");
    EXPECT_FALSE(backend->load("h")->has_value());
    EXPECT_TRUE(backend->ping());
    EXPECT_EQ(apply(insert(saga("h"))), Outcome::ok);
}

TEST_F(RedisFailures, RefusesWhileTheServerCannotWriteItsDisk) {
    ASSERT_EQ(apply(insert(saga("g"))), Outcome::ok);
    std::filesystem::create_directory(server->folder().file("dump.rdb"));
    std::filesystem::create_directory(server->folder().file("dump.rdb/not-empty"));
    ASSERT_EQ(cli({"config", "set", "save", "3600 1"}), "OK");
    cli({"bgsave"});
    ASSERT_TRUE(wait_until([&] { return cli({"info"}).find("rdb_last_bgsave_status:err") != std::string::npos; }));
    EXPECT_EQ(apply(turn("g", Status::submitted, Status::succeed)), Outcome::unavailable);
    const auto stuck = backend->ping();
    ASSERT_FALSE(stuck);
    EXPECT_NE(stuck.error().what.find("disk"), std::string::npos) << stuck.error().what;
    EXPECT_EQ(load("g"), saga("g"));
    ASSERT_EQ(cli({"config", "set", "save", ""}), "OK");
    EXPECT_EQ(apply(turn("g", Status::submitted, Status::succeed)), Outcome::ok);
}

TEST_F(RedisFailures, RefusesWithFewerReplicasThanAreAskedFor) {
    ASSERT_EQ(apply(insert(saga("g"))), Outcome::ok);
    ASSERT_EQ(cli({"config", "set", "min-replicas-to-write", "1"}), "OK");
    EXPECT_EQ(apply(insert(saga("h"))), Outcome::unavailable);
    ASSERT_EQ(cli({"config", "set", "min-replicas-to-write", "0"}), "OK");
    EXPECT_EQ(apply(insert(saga("h"))), Outcome::ok);
}

TEST_F(RedisFailures, DoesNotCallDoneWhatTooFewReplicasHave) {
    auto options = options_for(*server);
    options.wait_replicas = 1;
    options.wait_timeout = std::chrono::milliseconds(50);
    const auto careful = open_or_throw(options)();
    EXPECT_FALSE(careful->ping());
    const RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(server->port())});
    ASSERT_TRUE(wait_until([&] { return replica.cli({"role"}).find("connected") != std::string::npos; }));
    EXPECT_TRUE(wait_until([&] { return bool(careful->ping()); }));
    EXPECT_EQ(apply_one(*careful, insert(saga("g"))), Outcome::ok);
    EXPECT_EQ(apply_one(*careful, insert(saga("g"))), Outcome::conflict);
}

TEST_F(RedisFailures, LeavesAReplicaForThePrimary) {
    const RedisServer other;
    auto options = options_for(*server);
    options.hosts = {server->host(), other.host()};
    const auto either = open_or_throw(options)();
    ASSERT_EQ(apply_one(*either, insert(saga("g"))), Outcome::ok);
    ASSERT_EQ(cli({"replicaof", "127.0.0.1", std::to_string(other.port())}), "OK");
    EXPECT_TRUE(wait_until([&] { return apply_one(*either, insert(saga("h"))) == Outcome::ok; }));
    EXPECT_NE(other.cli({"exists", "{a}_g_h"}), "0");
}

TEST_F(RedisFailures, RefusesAStoreOfAnotherLayout) {
    ASSERT_EQ(apply(insert(saga("g"))), Outcome::ok);
    auto options = options_for(*server);
    options.slices = 8;
    const auto other = open_or_throw(options)();
    const auto loaded = other->load("g");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Errc::unavailable);
    EXPECT_NE(loaded.error().what.find("8 now"), std::string::npos) << loaded.error().what;
    EXPECT_FALSE(other->ping());
}

TEST_F(RedisFailures, TellsWhatACrashCouldLose) {
    std::vector<Durability> told;
    auto options = options_for(*server);
    options.on_durability = [&](const Durability& durability) { told.push_back(durability); };
    ASSERT_TRUE(open_or_throw(options)()->ping());
    ASSERT_EQ(told.size(), 1u);
    EXPECT_FALSE(told[0].is_durable);
    EXPECT_NE(told[0].notes.at(0).find("appendonly"), std::string::npos);

    options.require_durable = true;
    const auto strict = open_or_throw(options)();
    const auto refused = strict->ping();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("appendonly"), std::string::npos) << refused.error().what;
    EXPECT_EQ(apply_one(*strict, insert(saga("g"))), Outcome::unavailable);

    ASSERT_EQ(cli({"config", "set", "appendonly", "yes"}), "OK");
    EXPECT_TRUE(wait_until([&] { return bool(strict->ping()); }));
    EXPECT_TRUE(told.back().is_durable);
    EXPECT_NE(told.back().notes.at(0).find("everysec"), std::string::npos);
}

}  // namespace dtmd::store::test
