#pragma once

#include <functional>
#include <string>
#include <vector>

namespace dtmd::store {

/// What a crash of a store's server could lose of what was acknowledged, as the server is set up now.
struct Durability {
    bool is_durable = true;          ///< Good enough for `require_durable`.
    std::vector<std::string> notes;  ///< One sentence each: what could be lost, and what to set. Empty: nothing.
    bool operator==(const Durability&) const = default;
};

/// Told after a connect, whenever it differs from what was told last. Called on the thread that connects, which may be
/// any of the store's.
using DurabilityListener = std::function<void(const Durability&)>;

}  // namespace dtmd::store
