#include "scenes.h"

#include <gtest/gtest.h>

// Every request in every state a transaction can be in: protocol.md 1.3 to 1.9.
namespace dtmd::engine {
namespace {

using testing::Scene;
using testing::shown;
using testing::World;
using txn::Mode;
using Log = std::vector<std::string>;

std::string in(Mode mode, Scene scene) { return std::string(txn::name(mode)) + " " + testing::name(scene); }

std::string status_of(Scene scene) {
    if (scene == Scene::running || scene == Scene::sleeping) return "submitted";
    return testing::name(scene);
}

/// Runs `ask` in every scene of every mode that clients drive, and compares its answer with `expected`.
template <class Ask, class Expected>
void in_every_scene(Ask ask, Expected expected) {
    for (const Mode mode : testing::driven_modes) {
        for (const Scene scene : testing::all_scenes) {
            if (!testing::exists(scene, mode)) continue;
            SCOPED_TRACE(in(mode, scene));
            World world;
            testing::bring(world, mode, scene);
            const auto before = world.store.rows;
            const Log called = world.participant.log();
            const std::string answer = shown(world.now(ask(world, mode)));
            EXPECT_EQ(answer, expected(mode, scene));
            EXPECT_LE(world.participant.most_open_of_one, 1);
            if (answer == "success: ") continue;
            world.loop.run_for(Millis{100});
            EXPECT_EQ(world.store.rows, before) << "a refused request changes nothing";
            EXPECT_EQ(world.participant.log(), called) << "a refused request calls nobody";
        }
    }
}

TEST(Requests, Prepare) {
    in_every_scene([](World& world, Mode mode) { return world.prepare(testing::request(mode)); },
                   [](Mode, Scene scene) -> std::string {
                       if (scene == Scene::absent || scene == Scene::prepared) return "success: ";
                       return "failure: current status '" + status_of(scene) + "', cannot prepare. FAILURE";
                   });
}

TEST(Requests, Submit) {
    in_every_scene([](World& world, Mode mode) { return world.submit(testing::request(mode)); },
                   [](Mode mode, Scene scene) -> std::string {
                       const bool two_phased = mode == Mode::tcc || mode == Mode::xa;
                       if (scene == Scene::absent && two_phased) {
                           return "failure: gid 'g1' was never prepared: a " + std::string(txn::name(mode)) +
                                  " transaction is prepared before it is submitted. FAILURE";
                       }
                       if (scene <= Scene::sleeping) return "success: ";
                       return "failure: current status '" + status_of(scene) + "', cannot sumbmit. FAILURE";
                   });
}

TEST(Requests, Abort) {
    in_every_scene([](World& world, Mode mode) { return world.abort("g1", std::string(txn::name(mode))); },
                   [](Mode mode, Scene scene) -> std::string {
                       if (scene == Scene::absent) return "error: no TransGlobal with gid: g1 found";
                       const bool two_phased = mode == Mode::tcc || mode == Mode::xa;
                       if (scene == Scene::prepared && mode != Mode::saga) return "success: ";
                       if (scene == Scene::aborting && two_phased) return "success: ";
                       return "failure: trans type: '" + std::string(txn::name(mode)) + "' current status '" +
                              status_of(scene) + "', cannot abort. FAILURE";
                   });
}

TEST(Requests, AbortByAnotherType) {
    in_every_scene([](World& world, Mode mode) { return world.abort("g1", mode == Mode::tcc ? "xa" : "tcc"); },
                   [](Mode mode, Scene scene) -> std::string {
                       if (scene == Scene::absent) return "error: no TransGlobal with gid: g1 found";
                       if (scene == Scene::prepared && mode == Mode::message) return "success: ";  // dtm doesn't look.
                       return "failure: trans type: '" + std::string(txn::name(mode)) + "' current status '" +
                              status_of(scene) + "', cannot abort. FAILURE";
                   });
}

TEST(Requests, ForceStop) {
    in_every_scene([](World& world, Mode) { return world.force_stop("g1"); },
                   [](Mode, Scene scene) -> std::string {
                       if (scene == Scene::absent) return "error: no TransGlobal with gid: g1 found";
                       if (scene != Scene::succeed && scene != Scene::failed) return "success: ";
                       return "failure: global transaction force stop error. status: " + status_of(scene) +
                              ". error: FAILURE";
                   });
}

TEST(Requests, RegisterBranch) {
    in_every_scene(
        [](World& world, Mode mode) {
            return world.register_branch(testing::branch(mode == Mode::xa ? Mode::xa : Mode::tcc, "03"));
        },
        [](Mode mode, Scene scene) -> std::string {
            const bool two_phased = mode == Mode::tcc || mode == Mode::xa;
            if (scene == Scene::prepared && two_phased) return "success: ";
            return "failure: no trans with gid: g1 status: prepared found FAILURE";
        });
}

TEST(Requests, ResetNextCronTime) {
    in_every_scene([](World& world, Mode) { return world.reset_next_cron_time("g1"); },
                   [](Mode, Scene scene) -> std::string {
                       return scene == Scene::absent ? "error: no TransGlobal with gid: g1 found" : "success: ";
                   });
}

TEST(Requests, Query) {
    in_every_scene(
        [](World& world, Mode) {
            Found found;
            const auto pending = world.query("g1", &found);
            world.loop.run_for(Millis{0});
            EXPECT_EQ(found.has_value(), world.store.rows.contains("g1"));
            if (found) EXPECT_EQ(found->status, world.status("g1"));
            if (found) EXPECT_EQ(found->branches.size(), world.store.rows.at("g1").branches.size());
            return pending;
        },
        [](Mode, Scene) -> std::string { return "success: "; });
}

TEST(Requests, AnotherModeUnderTheSameGid) {
    for (const Mode mode : testing::driven_modes) {
        const Mode other = mode == Mode::tcc ? Mode::xa : Mode::tcc;
        for (const Scene scene : testing::all_scenes) {
            if (scene == Scene::absent || !testing::exists(scene, mode)) continue;
            SCOPED_TRACE(in(mode, scene));
            World world;
            testing::bring(world, mode, scene);
            const auto before = world.store.rows;
            for (const auto& pending : {world.prepare(testing::request(other)), world.submit(testing::request(other)),
                                        world.prepare_workflow(testing::workflow("g1"))}) {
                const Answer answer = world.now(pending);
                EXPECT_EQ(answer.kind, Answer::Kind::failure);
                EXPECT_TRUE(answer.message.starts_with("gid 'g1' exists with other content (trans_type "))
                    << answer.message;
                EXPECT_TRUE(answer.message.ends_with("a gid names one transaction. FAILURE")) << answer.message;
            }
            EXPECT_EQ(shown(world.now(world.submit_workflow("g1", "succeed"))), "error: storage: NotFound");
            EXPECT_EQ(world.store.rows, before);
        }
    }
}

TEST(Requests, OtherStepsUnderTheSameGid) {
    for (const Mode mode : {Mode::saga, Mode::message}) {
        for (const Scene scene : testing::all_scenes) {
            if (scene == Scene::absent || !testing::exists(scene, mode)) continue;
            SCOPED_TRACE(in(mode, scene));
            World world;
            testing::bring(world, mode, scene);
            const auto before = world.store.rows;
            txn::Transaction other = testing::request(mode);
            other.payloads[1] = R"({"amount":2})";
            for (const auto& pending : {world.prepare(other), world.submit(other)}) {
                const Answer answer = world.now(pending);
                EXPECT_EQ(answer.kind, Answer::Kind::failure);
                EXPECT_TRUE(answer.message.starts_with("gid 'g1' exists with other content")) << answer.message;
            }
            EXPECT_EQ(world.store.rows, before);
        }
    }
}

TEST(Requests, TopicsAreNotMissedBeforeTheyCouldBeRead) {
    World world;
    world.store.down = true;
    world.restart();
    txn::Transaction message = testing::message("g1", 1);
    message.steps[0].members[0].second = "topic://nobody";
    EXPECT_EQ(world.now(world.submit(message)).kind, Answer::Kind::unavailable);
    world.store.down = false;
    world.loop.run_for(Millis{10'000});
    EXPECT_EQ(shown(world.now(world.submit(message))), "error: topic not found");
}

TEST(Requests, BadOnesAreInvalidAndLeaveNothing) {
    World world;
    txn::Transaction saga = testing::saga("g1", 2);
    saga.payloads.pop_back();
    EXPECT_EQ(world.now(world.submit(saga)).kind, Answer::Kind::invalid);
    EXPECT_EQ(world.now(world.prepare(saga)).kind, Answer::Kind::invalid);
    txn::Transaction message = testing::message("g1", 1);
    message.steps[0].members[0].second = "topic://nobody";
    EXPECT_EQ(shown(world.now(world.submit(message))), "error: topic not found");
    EXPECT_EQ(shown(world.now(world.prepare(message))), "error: topic not found");
    EXPECT_EQ(world.now(world.submit_workflow("g1", "aborting")).kind, Answer::Kind::invalid);
    txn::Registration registration = testing::tcc_branch("g1", "01");
    registration.mode = Mode::saga;
    EXPECT_EQ(shown(world.now(world.register_branch(registration))), "error: unknow trans type: saga");
    EXPECT_TRUE(world.store.rows.empty());
    EXPECT_EQ(world.metrics.flying, 0);
}

TEST(Requests, ARepeatedSubmitOfASucceededOneIsWelcomeWhenConfigured) {
    Settings settings;
    settings.safe_resubmit = true;
    for (const Mode mode : testing::driven_modes) {
        World world(settings);
        testing::bring(world, mode, Scene::succeed);
        const Log called = world.participant.log();
        EXPECT_EQ(shown(world.now(world.submit(testing::request(mode, true)))), "success: ");
        EXPECT_EQ(world.participant.log(), called);
    }
}

TEST(Requests, ARepeatedRegistrationIsWelcomeWithTheSameContentOnly) {
    World world;
    testing::bring(world, Mode::tcc, Scene::prepared);
    EXPECT_EQ(shown(world.now(world.register_branch(testing::tcc_branch("g1", "01")))), "success: ");
    EXPECT_EQ(world.store.rows.at("g1").branches.size(), 4U);
    txn::Registration other = testing::tcc_branch("g1", "01");
    other.confirm = "http://elsewhere/";
    const Answer answer = world.now(world.register_branch(other));
    EXPECT_EQ(answer.kind, Answer::Kind::failure);
    EXPECT_TRUE(answer.message.ends_with("storage: UniqueKeyConflict FAILURE")) << answer.message;
    EXPECT_EQ(world.store.rows.at("g1").branches.size(), 4U);
}

}  // namespace
}  // namespace dtmd::engine
