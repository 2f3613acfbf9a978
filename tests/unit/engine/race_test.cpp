#include "scenes.h"

#include <gtest/gtest.h>

// Requests that come at the same instant, or between a write and its answer.
namespace dtmd::engine {
namespace {

using testing::Scene;
using testing::shown;
using testing::World;
using txn::Mode;
using Kind = Answer::Kind;

/// How long the store takes to do a thing, and to tell: the races differ.
struct Pace {
    Millis before, delay;
};
constexpr Pace paces[] = {
    {Millis{0}, Millis{0}}, {Millis{0}, Millis{5}}, {Millis{5}, Millis{0}}, {Millis{3}, Millis{4}}};

void set_pace(World& world, const Pace& pace) {
    world.store.before = pace.before;
    world.store.delay = pace.delay;
}

TEST(Race, TwoSubmitsAtOnceCallEverythingOnce) {
    for (const Pace& pace : paces) {
        for (const Mode mode : testing::driven_modes) {
            for (const bool wait : {false, true}) {
                World world;
                if (mode == Mode::tcc || mode == Mode::xa) testing::bring(world, mode, Scene::prepared);
                set_pace(world, pace);
                const auto first = world.submit(testing::request(mode, wait));
                const auto second = world.submit(testing::request(mode, wait));
                EXPECT_EQ(shown(world.wait(first)), "success: ");
                EXPECT_EQ(shown(world.wait(second)), "success: ");
                EXPECT_TRUE(world.run_until_final("g1"));
                EXPECT_EQ(world.status("g1"), txn::Status::succeed);
                EXPECT_EQ(world.participant.calls.size(), 2U);
                world.loop.run_for(Millis{100});
                EXPECT_EQ(world.metrics.flying, 0);
            }
        }
    }
}

TEST(Race, OfASubmitAndAnAbortExactlyOneWins) {
    for (const Pace& pace : paces) {
        for (const Mode mode : {Mode::tcc, Mode::xa, Mode::message}) {
            for (int lead = -12; lead <= 12; ++lead) {
                World world;
                testing::bring(world, mode, Scene::prepared);
                set_pace(world, pace);
                World::Pending submit, abort;
                const std::string type(txn::name(mode));
                if (lead <= 0) abort = world.abort("g1", type);
                if (lead >= 0) submit = world.submit(testing::request(mode));
                world.loop.run_for(Millis{std::abs(lead)});
                if (!abort) abort = world.abort("g1", type);
                if (!submit) submit = world.submit(testing::request(mode));
                const bool submitted = world.wait(submit).kind == Kind::success;
                const bool aborted = world.wait(abort).kind == Kind::success;
                EXPECT_NE(submitted, aborted) << type << " lead " << lead;
                EXPECT_TRUE(world.run_until_final("g1"));
                EXPECT_EQ(world.status("g1"), submitted ? txn::Status::succeed : txn::Status::failed);
                for (const auto& call : world.participant.calls) EXPECT_EQ(testing::goes_forward(call.op), submitted);
            }
        }
    }
}

// The append lands before or after the turn in the store, whoever was asked first: acknowledged means driven.
TEST(Race, ARegisteredBranchIsNeverLost) {
    for (const Pace& pace : paces) {
        for (const Mode mode : {Mode::tcc, Mode::xa}) {
            for (const bool forward : {true, false}) {
                for (int lead = -10; lead <= 10; ++lead) {
                    World world;
                    testing::bring(world, mode, Scene::prepared);
                    set_pace(world, pace);
                    const auto decide = [&] {
                        return forward ? world.submit(testing::request(mode))
                                       : world.abort("g1", std::string(txn::name(mode)));
                    };
                    World::Pending decision, registered;
                    if (lead <= 0) decision = decide();
                    if (lead >= 0) registered = world.register_branch(testing::branch(mode, "03"));
                    world.loop.run_for(Millis{std::abs(lead)});
                    if (!decision) decision = decide();
                    if (!registered) registered = world.register_branch(testing::branch(mode, "03"));
                    EXPECT_EQ(shown(world.wait(decision)), "success: ");
                    const Answer answer = world.wait(registered);
                    EXPECT_TRUE(world.run_until_final("g1"));
                    std::size_t calls = 0;
                    for (const auto& call : world.participant.calls) calls += call.branch_id == "03";
                    EXPECT_EQ(calls, answer.kind == Kind::success ? 1U : 0U) << txn::name(mode) << " lead " << lead;
                }
            }
        }
    }
}

TEST(Race, ABranchRegisteredWhileItsTransactionTimesOutIsNeverLost) {
    for (int at = 34'980; at < 35'060; at += 2) {
        World world;
        world.store.before = Millis{7};
        world.store.delay = Millis{7};
        EXPECT_EQ(shown(world.wait(world.prepare(testing::request(Mode::tcc)))), "success: ");
        world.loop.run_for(Millis{at});
        const auto registered = world.register_branch(testing::tcc_branch("g1", "01"));
        EXPECT_TRUE(world.run_until_final("g1"));
        EXPECT_EQ(world.status("g1"), txn::Status::failed);
        const bool acknowledged = world.wait(registered).kind == Kind::success;
        EXPECT_EQ(world.participant.count("cancel 01"), acknowledged ? 1U : 0U) << at;
    }
}

TEST(Race, AForceStopEndsWhatIsUnderWayAndNothingIsCalledAfterwards) {
    for (const Mode mode : testing::driven_modes) {
        for (const Scene scene : {Scene::prepared, Scene::running, Scene::sleeping, Scene::aborting}) {
            if (!testing::exists(scene, mode)) continue;
            World world;
            testing::bring(world, mode, scene);
            EXPECT_EQ(shown(world.now(world.force_stop("g1"))), "success: ");
            EXPECT_EQ(world.status("g1"), txn::Status::failed);
            const std::size_t called = world.participant.calls.size();
            world.loop.run_for(std::chrono::minutes(10));
            EXPECT_EQ(world.participant.calls.size(), called);
            EXPECT_EQ(world.metrics.flying, 0);
            EXPECT_EQ(world.metrics.sleeping, 0);
        }
    }
}

TEST(Race, AResetCallsWhatSleepsAtOnce) {
    for (const Mode mode : testing::driven_modes) {
        for (const Scene scene : {Scene::sleeping, Scene::aborting}) {
            if (!testing::exists(scene, mode)) continue;
            World world;
            testing::bring(world, mode, scene);
            world.now(world.reset_next_cron_time("g1"));
            world.loop.run_for(Millis{50});
            EXPECT_EQ(world.status("g1"), scene == Scene::sleeping ? txn::Status::succeed : txn::Status::failed);
        }
    }
}

TEST(Race, ResettingAllMovesThoseThatSleepLongerAndNoMoreThanTheLimit) {
    World world;
    world.participant.script = [](const participant::Call&) { return testing::unknown(); };
    for (int i = 0; i < 10; ++i) world.submit(testing::saga("g" + std::to_string(i), 1, false));
    world.loop.run_for(Millis{100});
    EXPECT_EQ(world.metrics.sleeping, 10);
    world.participant.script = nullptr;
    std::pair<std::size_t, bool> moved;
    EXPECT_EQ(shown(world.now(world.reset_cron_time(std::chrono::seconds(3600), 100, &moved))), "success: ");
    EXPECT_EQ(moved, std::pair(std::size_t{0}, false));
    EXPECT_EQ(shown(world.now(world.reset_cron_time(std::chrono::seconds(5), 6, &moved))), "success: ");
    EXPECT_EQ(moved, std::pair(std::size_t{6}, true));
    world.loop.run_for(Millis{100});
    EXPECT_EQ(world.metrics.sleeping, 4);
    EXPECT_EQ(shown(world.now(world.reset_cron_time(std::chrono::seconds(5), 6, &moved))), "success: ");
    EXPECT_EQ(moved, std::pair(std::size_t{4}, false));
    world.loop.run_for(Millis{100});
    EXPECT_EQ(world.metrics.flying, 0);
}

// Whatever arrives while the claimer waits for the store must not make it forget to look again.
TEST(Race, ADueNoteDuringAClaimIsNotLost) {
    World world;
    world.store.delay = Millis{40};
    testing::bring(world, Mode::tcc, Scene::prepared);
    for (int i = 0; i < 300; ++i) {
        world.reset_cron_time(std::chrono::hours(100), 1, nullptr);
        world.loop.run_for(Millis{17});
    }
    EXPECT_TRUE(world.run_until_final("g1", Millis{45'000}));
}

// The saga has turned in the store, but we don't know that yet; meanwhile the call's turn has come at its host.
TEST(Race, ACallThatWaitedForASlotDoesNotGoOutWhileTheTurnIsUncertain) {
    Settings settings;
    settings.per_host_concurrency = 1;
    World world(settings);
    world.participant.takes = [](const participant::Call& call) {
        return std::optional(Millis{call.gid == "other" ? 100 : 10});
    };
    world.participant.script = [&](const participant::Call& call) {
        if (call.gid == "other" || call.op != "action") return testing::success();
        world.store.next_outcomes = {store::Outcome::unknown};
        world.store.unknown_happens = true;
        return testing::failure("no");
    };
    world.submit(testing::saga("other", 1, false));
    world.loop.run_for(Millis{2});
    txn::Transaction saga = testing::saga("g1", 2, false);
    saga.custom_data = R"({"concurrent":true})";
    saga.steps[0] = {{{"action", "http://elsewhere/1/action"}, {"compensate", "http://elsewhere/1/compensate"}}};
    world.submit(saga);
    EXPECT_TRUE(world.run_until_final("g1", Millis{2'000}));
    EXPECT_EQ(world.status("g1"), txn::Status::failed);
    EXPECT_EQ(world.participant.count("action 02"), 0U);
}

TEST(Race, TheOrdersOfTheSubmitCountWhenASagaWasOnlyPrepared) {
    World world;
    txn::Transaction saga = testing::saga("g1", 3);
    world.now(world.prepare(saga));
    saga.custom_data = R"({"concurrent":true,"orders":{"0":[2]}})";
    EXPECT_EQ(shown(world.wait(world.submit(saga))), "success: ");
    EXPECT_EQ(world.participant.log(), (std::vector<std::string>{"action 02", "action 03", "action 01"}));
}

}  // namespace
}  // namespace dtmd::engine
