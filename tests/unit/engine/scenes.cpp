#include "scenes.h"

#include <gtest/gtest.h>

namespace dtmd::testing {
namespace {

bool is_two_phased(txn::Mode mode) { return mode == txn::Mode::tcc || mode == txn::Mode::xa; }

void prepare_all(World& world, txn::Mode mode) {
    EXPECT_EQ(shown(world.wait(world.prepare(request(mode)))), "success: ");
    if (!is_two_phased(mode)) return;
    for (const char* id : {"01", "02"})
        EXPECT_EQ(shown(world.wait(world.register_branch(branch(mode, id)))), "success: ");
}

void submit(World& world, txn::Mode mode) {
    if (is_two_phased(mode)) prepare_all(world, mode);
    EXPECT_EQ(shown(world.wait(world.submit(request(mode)))), "success: ");
    world.loop.run_for(Millis{20});
}

// A saga turns back because its second action refuses; tcc and xa, and messages before they are submitted, are aborted.
void turn_back(World& world, txn::Mode mode) {
    if (mode == txn::Mode::saga) {
        submit(world, mode);
    } else {
        prepare_all(world, mode);
        EXPECT_EQ(shown(world.wait(world.abort("g1", std::string(txn::name(mode)), "not today"))), "success: ");
    }
    world.loop.run_for(Millis{20});
}

}  // namespace

std::string name(Scene scene) {
    static const char* const names[] = {"absent", "prepared", "running", "sleeping", "aborting", "succeed", "failed"};
    return names[static_cast<int>(scene)];
}

bool exists(Scene scene, txn::Mode mode) { return scene != Scene::aborting || mode != txn::Mode::message; }

bool goes_forward(const std::string& op) { return op == "action" || op == "confirm" || op == "commit"; }
bool goes_back(const std::string& op) { return op == "compensate" || op == "cancel" || op == "rollback"; }

txn::Transaction request(txn::Mode mode, bool wait) {
    switch (mode) {
        case txn::Mode::saga: return saga("g1", 2, wait);
        case txn::Mode::message: return message("g1", 2, wait);
        case txn::Mode::tcc:
        case txn::Mode::xa: return two_phased("g1", mode, wait);
        case txn::Mode::workflow: return workflow("g1");
    }
    __builtin_unreachable();
}

txn::Registration branch(txn::Mode mode, const std::string& branch_id) {
    return mode == txn::Mode::xa ? xa_branch("g1", branch_id) : tcc_branch("g1", branch_id);
}

void bring(World& world, txn::Mode mode, Scene scene) {
    auto& participant = world.participant;
    switch (scene) {
        case Scene::absent: return;
        case Scene::prepared: return prepare_all(world, mode);
        case Scene::running:
            participant.takes = [](const participant::Call&) { return std::optional<Millis>(); };
            return submit(world, mode);
        case Scene::sleeping:
            participant.script = [](const participant::Call&) { return unknown(); };
            submit(world, mode);
            break;
        case Scene::aborting:
            participant.script = [](const participant::Call& call) {
                if (goes_back(call.op)) return unknown();
                return call.branch_id == "02" ? failure("no") : success();
            };
            turn_back(world, mode);
            break;
        case Scene::succeed: return submit(world, mode);
        case Scene::failed:
            participant.script = [](const participant::Call& call) {
                return goes_forward(call.op) && call.branch_id == "02" ? failure("no") : success();
            };
            turn_back(world, mode);
            break;
    }
    participant.script = nullptr;
}

std::string shown(const engine::Answer& answer) {
    static const char* const kinds[] = {"success", "failure", "ongoing", "invalid", "error", "unavailable", "unknown"};
    return std::string(kinds[static_cast<int>(answer.kind)]) + ": " + answer.message;
}

}  // namespace dtmd::testing
