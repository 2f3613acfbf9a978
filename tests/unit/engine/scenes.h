#pragma once

#include "support/engine_world.h"

#include <string>
#include <vector>

// Transactions brought to where a test needs them. All are called "g1" and have the branches 01 and 02.
namespace dtmd::testing {

enum class Scene : std::uint8_t {
    absent,
    prepared,
    running,   ///< submitted, and the first call is under way; it is never answered.
    sleeping,  ///< submitted, and the first call gave no definite answer.
    aborting,  ///< On its way back, and the first call of that gave no definite answer.
    succeed,
    failed,
};

inline constexpr Scene all_scenes[] = {Scene::absent,   Scene::prepared, Scene::running, Scene::sleeping,
                                       Scene::aborting, Scene::succeed,  Scene::failed};
inline constexpr txn::Mode driven_modes[] = {txn::Mode::saga, txn::Mode::tcc, txn::Mode::xa, txn::Mode::message};

std::string name(Scene scene);

/// Whether a transaction of this mode can be there; a message never turns back.
bool exists(Scene scene, txn::Mode mode);

/// @pre exists(scene, mode), and mode is not workflow
void bring(World& world, txn::Mode mode, Scene scene);

/// A request for what bring() has made.
txn::Transaction request(txn::Mode mode, bool wait = false);
txn::Registration branch(txn::Mode mode, const std::string& branch_id);

bool goes_forward(const std::string& op);  ///< action, confirm, commit
bool goes_back(const std::string& op);     ///< compensate, cancel, rollback

/// "failure: text", to compare kind and text at once.
std::string shown(const engine::Answer& answer);

}  // namespace dtmd::testing
