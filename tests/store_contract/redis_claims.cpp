#include "store_contract/redis_store.h"

#include <set>
#include <thread>

// Claims and expiry, which no other backend does this way.
namespace dtmd::store::test {

using txn::Status;

namespace {

class RedisClaims : public RedisStore, public testing::WithParamInterface<std::size_t> {
protected:
    void SetUp() override {
        server = std::make_unique<RedisServer>();
        options = options_for(*server);
        options.slices = GetParam();
        factory = open_or_throw(options);
        backend = factory();
    }

    RedisOptions options;
    BackendFactory factory;
};

using RedisExpiry = RedisStore;

}  // namespace

TEST_P(RedisClaims, GivesAThousandToThreeClaimersOnceEach) {
    constexpr std::size_t count = 1000;
    std::vector<Mutation> batch;
    for (std::size_t i = 0; i < count; ++i) batch.push_back(insert(saga("g" + std::to_string(i), at(1))));
    std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
    ASSERT_TRUE(backend->apply(batch, outcomes));
    std::vector<std::vector<std::string>> taken(3);
    std::vector<std::thread> claimers;
    for (auto& mine : taken) {
        claimers.emplace_back([&] {
            const auto own = factory();
            while (true) {
                const auto claims = own->claim_due(at(10), at(60'000), 64);
                if (!claims || claims->transactions.empty()) return;
                for (const auto& transaction : claims->transactions) mine.push_back(transaction.gid);
            }
        });
    }
    for (auto& thread : claimers) thread.join();
    std::multiset<std::string> all;
    for (const auto& mine : taken) all.insert(mine.begin(), mine.end());
    EXPECT_EQ(all.size(), count);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), count);
}

TEST_P(RedisClaims, TakesOutWhatHasExpiredInsteadOfMeetingItForEver) {
    for (int i = 0; i < 100; ++i) apply(insert(saga("dead" + std::to_string(i), at(i))));
    apply(insert(saga("alive", at(500))));
    const auto slices = GetParam() == 0 ? std::string("{a}_?_dead*") : std::string("{a:*}_?_dead*");
    cli({"eval", "for _,k in ipairs(redis.call('keys', ARGV[1])) do redis.call('del', k) end", "0", slices});
    const auto claims = backend->claim_due(at(1000), at(60'000), 3);
    ASSERT_TRUE(claims);
    // With slices one look may end among the dead of each; the next one finds what is behind them.
    const auto again = backend->claim_due(at(1000), at(60'000), 3);
    EXPECT_EQ(claims->transactions.size() + again->transactions.size(), 1u);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(backend->claim_due(at(1000), at(60'000), 3));
    EXPECT_EQ(backend->counts()->unfinished, 1u);
    EXPECT_EQ(backend->list({}, "", 10)->transactions.size(), 1u);
    EXPECT_EQ(*backend->expire(at(0), 1000), 0u);
    EXPECT_EQ(backend->counts()->oldest_unfinished, at(500));
}

TEST_P(RedisClaims, PassesOverARecordThatCannotBeRead) {
    apply(insert(saga("bad", at(1))));
    apply(insert(saga("good", at(2))));
    const auto key = cli({"keys", "*_g_bad"});
    ASSERT_EQ(cli({"set", key, "{\"gid\":"}), "OK");
    const auto claims = backend->claim_due(at(10), at(1000), 10);
    ASSERT_TRUE(claims);
    ASSERT_EQ(claims->transactions.size(), 1u);
    EXPECT_EQ(claims->transactions[0].gid, "good");
    const auto loaded = backend->load("bad");
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().what.find("bad"), std::string::npos);
    EXPECT_EQ(backend->list({}, "", 10)->transactions.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Slices, RedisClaims, testing::Values(0, 8));

TEST_F(RedisExpiry, LetsGoOfWhatHasFinishedAndRenewsWhatHasNot) {
    auto options = options_for(*server);
    options.data_expire = std::chrono::seconds(1000);
    options.finished_expire = std::chrono::seconds(100);
    const auto own = open_or_throw(options)();
    const auto left = [&](const char* kind) { return std::stol(cli({"ttl", std::string("{a}_") + kind + "_g"})); };
    ASSERT_EQ(apply_one(*own, insert(saga("g"))), Outcome::ok);
    for (const char* kind : {"g", "b", "s"}) EXPECT_NEAR(static_cast<double>(left(kind)), 1000, 5) << kind;

    for (const char* kind : {"g", "b", "s"}) cli({"expire", std::string("{a}_") + kind + "_g", "50"});
    ASSERT_EQ(apply_one(*own, update("g", Status::submitted, {})), Outcome::ok);
    for (const char* kind : {"g", "b", "s"}) EXPECT_NEAR(static_cast<double>(left(kind)), 1000, 5) << kind;

    for (const char* kind : {"g", "b", "s"}) cli({"expire", std::string("{a}_") + kind + "_g", "50"});
    ASSERT_EQ(own->claim_due(at(10), at(20), 1)->transactions.size(), 1u);
    for (const char* kind : {"g", "b", "s"}) EXPECT_NEAR(static_cast<double>(left(kind)), 1000, 5) << kind;

    ASSERT_EQ(apply_one(*own, turn("g", Status::submitted, Status::succeed)), Outcome::ok);
    for (const char* kind : {"g", "b", "s"}) EXPECT_NEAR(static_cast<double>(left(kind)), 100, 5) << kind;
    EXPECT_EQ(cli({"zscore", "{a}_u", "g"}), "");
}

// A result alone leaves the record of the transaction as it is, but not what Redis knows of its time to live.
TEST_F(RedisExpiry, IsRenewedByAResultAlone) {
    const Patch result{.update_time = at(5),
                       .rows = {{.row = 1, .status = txn::BranchStatus::succeed, .update_time = at(5)}}};
    const auto left = [&](const char* kind) { return std::stol(cli({"ttl", std::string("{a}_") + kind + "_g"})); };
    auto options = options_for(*server);
    options.data_expire = std::chrono::seconds(1000);
    const auto own = open_or_throw(options)();
    ASSERT_EQ(apply_one(*own, insert(saga("g"))), Outcome::ok);
    cli({"expire", "{a}_g_g", "50"});
    ASSERT_EQ(apply_one(*own, update("g", Status::submitted, result)), Outcome::ok);
    for (const char* kind : {"g", "b", "s"}) EXPECT_NEAR(static_cast<double>(left(kind)), 1000, 5) << kind;

    options.data_expire = std::chrono::seconds(0);
    const auto keeping = open_or_throw(options)();
    ASSERT_EQ(apply_one(*keeping, update("g", Status::submitted, result)), Outcome::ok);
    for (const char* kind : {"g", "b", "s"}) EXPECT_EQ(left(kind), -1) << kind;
    auto expected = saga("g");
    expected.branches[1].status = txn::BranchStatus::succeed;
    expected.branches[1].update_time = at(5);
    EXPECT_EQ(load("g"), expected);
}

TEST_F(RedisExpiry, RefusesAResultOfWhatIsGone) {
    const Patch result{.update_time = at(5),
                       .rows = {{.row = 1, .status = txn::BranchStatus::succeed, .update_time = at(5)}}};
    ASSERT_EQ(apply(insert(saga("g"))), Outcome::ok);
    cli({"del", "{a}_g_g"});
    EXPECT_EQ(apply(update("g", Status::submitted, result)), Outcome::not_found);
    EXPECT_EQ(cli({"lindex", "{a}_b_g", "1"}).find("succeed"), std::string::npos);
}

TEST_F(RedisExpiry, KeepsForEverWhereItIsToldTo) {
    auto options = options_for(*server);
    options.data_expire = options.finished_expire = std::chrono::seconds(0);
    const auto own = open_or_throw(options)();
    ASSERT_EQ(apply(insert(saga("g"))), Outcome::ok);  // By a backend that lets it expire.
    ASSERT_EQ(apply_one(*own, update("g", Status::submitted, {})), Outcome::ok);
    for (const char* kind : {"g", "b", "s"}) EXPECT_EQ(cli({"ttl", std::string("{a}_") + kind + "_g"}), "-1") << kind;
    ASSERT_EQ(apply_one(*own, turn("g", Status::submitted, Status::succeed)), Outcome::ok);
    for (const char* kind : {"g", "b", "s"}) EXPECT_EQ(cli({"ttl", std::string("{a}_") + kind + "_g"}), "-1") << kind;
}

TEST_F(RedisExpiry, ForgetsTheIndexEntriesOfWhatHasExpired) {
    for (int i = 0; i < 600; ++i) apply(insert(saga("g" + std::to_string(i), at(i))));
    cli({"eval", "for _,k in ipairs(redis.call('keys', '{a}_?_g*')) do redis.call('del', k) end", "0"});
    apply(insert(saga("alive", at(1000))));
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(backend->expire(at(0), 100));
    EXPECT_EQ(cli({"zcard", "{a}_dtmd_c"}), "1");
    EXPECT_EQ(cli({"zcard", "{a}_dtmd_o"}), "1");
    EXPECT_EQ(cli({"zcard", "{a}_u"}), "1");
}

// Nobody calls expire() where Redis expires by itself.
TEST_F(RedisExpiry, ForgetsThemWithEveryClaimToo) {
    for (int i = 0; i < 600; ++i) apply(insert(saga("g" + std::to_string(i), at(i))));
    cli({"eval", "for _,k in ipairs(redis.call('keys', '{a}_?_g*')) do redis.call('del', k) end", "0"});
    apply(insert(saga("alive", at(1000))));
    const Time a_week_later = at(0) + std::chrono::days(7);
    EXPECT_TRUE(wait_until([&] {
        EXPECT_TRUE(backend->claim_due(a_week_later, a_week_later + Millis(1), 1));
        return cli({"zcard", "{a}_dtmd_c"}) == "1";
    }));
}

}  // namespace dtmd::store::test
