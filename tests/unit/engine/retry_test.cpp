#include "scenes.h"

#include <gtest/gtest.h>

// When a call is made again: back-off, limits, alerts.
namespace dtmd::engine {
namespace {

using testing::Scene;
using testing::shown;
using testing::World;
using txn::Mode;

/// The waits between the calls of `entry` ("action 01"), in ms, within `span`.
struct Calls {
    explicit Calls(World& world) : loop(world.loop) {
        world.participant.on_call = [this](const participant::Call& call) {
            made.emplace_back(call.op + " " + call.branch_id, loop.now());
        };
    }
    std::vector<std::int64_t> waits(const std::string& entry) const {
        std::vector<std::int64_t> result;
        std::optional<Time> last;
        for (const auto& [name, at] : made) {
            if (name != entry) continue;
            if (last) result.push_back((at - *last).count());
            last = at;
        }
        return result;
    }
    testing::VirtualLoop& loop;
    std::vector<std::pair<std::string, Time>> made;
};

TEST(Retry, BackOffDoublesUpToTheCapAndIsSpread) {
    Settings settings;
    settings.policy.max_retry_interval = Millis{100'000};
    World world(settings);
    Calls calls(world);
    world.participant.script = [](const participant::Call&) { return testing::unknown(); };
    world.submit(testing::saga("g1", 1, false));
    world.loop.run_for(Millis{1'000'000});
    const auto waits = calls.waits("action 01");
    ASSERT_GE(waits.size(), 8U);
    std::int64_t whole = 10'000;
    std::set<std::int64_t> spreads;
    for (const std::int64_t wait : waits) {
        EXPECT_LE(wait, whole + 2);
        EXPECT_GE(wait, whole * 3 / 4);
        spreads.insert(wait * 1000 / whole);
        whole = std::min<std::int64_t>(whole * 2, 100'000);
    }
    EXPECT_GT(spreads.size(), waits.size() / 2) << "not in step";
    EXPECT_EQ(world.store.rows.at("g1").next_cron_interval, 100);
}

TEST(Retry, TheClientsOwnIntervalCounts) {
    World world;
    Calls calls(world);
    world.participant.script = [](const participant::Call&) { return testing::unknown(); };
    txn::Transaction saga = testing::saga("g1", 1, false);
    saga.options.retry_interval = 1;
    world.submit(saga);
    world.loop.run_for(Millis{5'000});
    const auto waits = calls.waits("action 01");
    ASSERT_GE(waits.size(), 2U);
    EXPECT_LE(waits[0], 1'002);
    EXPECT_LE(waits[1], 2'002);
}

TEST(Retry, OngoingIsAskedAtAFixedInterval) {
    for (const Mode mode : testing::driven_modes) {
        World world;
        if (mode == Mode::tcc || mode == Mode::xa) testing::bring(world, mode, Scene::prepared);
        Calls calls(world);
        world.participant.script = [](const participant::Call&) { return testing::ongoing(); };
        txn::Transaction transaction = testing::request(mode);
        transaction.options.retry_interval = 3;
        world.submit(transaction);
        world.loop.run_for(Millis{60'000});
        ASSERT_FALSE(calls.made.empty());
        const auto waits = calls.waits(calls.made[0].first);
        ASSERT_GE(waits.size(), 15U);
        for (const std::int64_t wait : waits) EXPECT_NEAR(static_cast<double>(wait), 3'000, 5);
    }
}

TEST(Retry, SuccessStartsTheBackOffAfresh) {
    World world;
    Calls calls(world);
    int first = 4, second = 2;
    world.participant.script = [&](const participant::Call& call) {
        if (call.branch_id == "01") return first-- > 0 ? testing::unknown() : testing::success();
        return second-- > 0 ? testing::unknown() : testing::success();
    };
    world.submit(testing::saga("g1", 2, false));
    EXPECT_TRUE(world.run_until_final("g1"));
    EXPECT_GT(calls.waits("action 01").back(), 50'000);
    EXPECT_LE(calls.waits("action 02").front(), 10'002);
}

TEST(Retry, BackOffGoesOnWhereItWasAfterACrash) {
    World world;
    Calls calls(world);
    world.participant.script = [](const participant::Call&) { return testing::unknown(); };
    world.submit(testing::saga("g1", 1, false));
    world.loop.run_for(Millis{75'000});
    ASSERT_EQ(calls.made.size(), 4U);
    world.restart();
    world.loop.run_for(Millis{145'000});
    EXPECT_EQ(calls.made.size(), 5U);
    world.loop.run_for(Millis{90'000});
    EXPECT_EQ(calls.made.size(), 6U);
}

TEST(Retry, AnotherBranchWithoutADefiniteAnswerHoldsUpNoOtherInPhaseTwo) {
    World world;
    testing::bring(world, Mode::tcc, Scene::prepared);
    world.participant.script = [](const participant::Call& call) {
        return call.branch_id == "02" ? testing::unknown() : testing::success();
    };
    world.submit(testing::request(Mode::tcc));
    world.loop.run_for(Millis{100});
    EXPECT_EQ(world.participant.log(), (std::vector<std::string>{"confirm 02", "confirm 01"}));
}

TEST(Retry, AlertsFromTheThirdFailureOnEachTime) {
    for (const bool reached : {true, false}) {
        World world;
        world.participant.script = [reached](const participant::Call&) { return testing::unknown(reached); };
        world.submit(testing::saga("g1", 1, false));
        world.loop.run_for(Millis{25'000});
        EXPECT_EQ(world.participant.calls.size(), 2U);
        EXPECT_TRUE(world.alerts.empty());
        world.loop.run_for(Millis{130'000});
        ASSERT_EQ(world.alerts.size(), world.participant.calls.size() - 2);
        ASSERT_GE(world.alerts.size(), 2U);
        EXPECT_EQ(world.alerts[0].gid, "g1");
        EXPECT_EQ(world.alerts[0].status, "submitted");
        EXPECT_EQ(world.alerts[0].branch_url, "http://bank/1/action");
        EXPECT_EQ(world.alerts[0].error, "no definite answer");
        EXPECT_EQ(world.alerts[0].retry_count, 3);
        EXPECT_EQ(world.alerts[1].retry_count, 4);
    }
}

TEST(Retry, OngoingNeverAlerts) {
    World world;
    world.participant.script = [](const participant::Call&) { return testing::ongoing(); };
    world.submit(testing::saga("g1", 1, false));
    world.loop.run_for(std::chrono::minutes(10));
    EXPECT_TRUE(world.alerts.empty());
}

TEST(Retry, TheLimitIsSharedByAllBranchesAndSurvivesACrash) {
    World world;
    txn::Transaction saga = testing::saga("g1", 2, false);
    saga.options.retry_limit = 4;
    std::map<std::string, int> left{{"01", 2}, {"02", 100}};
    world.participant.script = [&](const participant::Call& call) {
        return call.op == "action" && left[call.branch_id]-- > 0 ? testing::unknown() : testing::success();
    };
    world.submit(saga);
    EXPECT_TRUE(world.loop.run_until([&] { return world.participant.count("action 02") == 2; }, Millis{10'000}));
    world.loop.run_for(Millis{5});
    world.restart();
    EXPECT_TRUE(world.run_until_final("g1", Millis{60'000}));
    EXPECT_EQ(world.status("g1"), txn::Status::failed);
    EXPECT_EQ(world.store.rows.at("g1").retry_count, 4);
    EXPECT_LE(world.participant.count("action 02"), 5U);
    EXPECT_EQ(world.participant.count("compensate 01"), 1U);
}

TEST(Retry, AMessagesCheckBackBacksOff) {
    World world;
    Calls calls(world);
    testing::bring(world, Mode::message, Scene::prepared);
    int left = 3;
    world.participant.script = [&](const participant::Call& call) {
        return call.op == "msg" && left-- > 0 ? testing::unknown() : testing::success();
    };
    EXPECT_TRUE(world.run_until_final("g1"));
    const auto waits = calls.waits("msg 00");
    ASSERT_EQ(waits.size(), 3U);
    EXPECT_LE(waits[0], 10'010);
    EXPECT_GT(waits[2], 25'000) << "although it was left to the store in between";
    EXPECT_EQ(world.status("g1"), txn::Status::succeed);
}

TEST(Retry, AResultIsOneWriteHoweverLongCallsMayTake) {
    for (const int seconds : {0, 60}) {
        World world;
        txn::Transaction saga = testing::saga("g1", 3);
        saga.options.request_timeout = seconds;
        const std::size_t before = world.store.writes;
        EXPECT_EQ(shown(world.submit_and_wait(saga)), "success: ");
        EXPECT_EQ(world.store.writes - before, 4U) << "insert, two results, and the end with the third";
    }
}

TEST(Retry, AResultDoesNotShortenTheLeaseOfACallThatIsStillOpen) {
    World world;
    txn::Transaction saga = testing::saga("g1", 2, false);
    saga.options.request_timeout = 60;
    saga.custom_data = R"({"concurrent":true})";
    world.participant.takes = [](const participant::Call& call) {
        return std::optional(call.branch_id == "01" ? Millis{55'000} : Millis{1'000});
    };
    world.submit(saga);
    const Time end = world.loop.now() + Millis{57'000};
    world.loop.run_for(Millis{2'000});
    EXPECT_GT(world.store.rows.at("g1").next_cron_time, end);
}

TEST(Retry, ACallThatIsRefusedByTheBreakerAlertsToo) {
    World world;
    world.participant.script = [](const participant::Call&) { return testing::unknown(false); };
    for (int i = 0; i < 20; ++i) world.submit(testing::saga("g" + std::to_string(i), 1, false));
    world.loop.run_for(std::chrono::minutes(3));
    std::set<std::string> told;
    for (const Alert& alert : world.alerts) told.insert(alert.gid);
    EXPECT_EQ(told.size(), 20U) << "each of them is stuck, whoever does the probing";
}

TEST(Retry, AnAddressWithoutAHostTakesNoSlotForEver) {
    Settings settings;
    settings.per_host_concurrency = 2;
    World world(settings);
    for (int i = 0; i < 10; ++i) {
        txn::Transaction saga = testing::saga("g" + std::to_string(i), 1);
        saga.protocol = "grpc";
        saga.steps[0] = {{{"action", "/bank.Bank/Pay"}, {"compensate", ""}}};
        EXPECT_EQ(shown(world.submit_and_wait(saga)), "success: ");
    }
}

}  // namespace
}  // namespace dtmd::engine
