#pragma once

#include "base/result.h"
#include "store/redis/address.h"

#include <optional>
#include <string>
#include <string_view>

// What Redis's error replies mean. Pure.
namespace dtmd::store::redis {

enum class Refusal {
    no_script,  ///< It doesn't know the script: load it, and ask again.
    moved,
    asked,        ///< Another node of the cluster has the slot, for good or for this once.
    try_again,    ///< The slot is being moved.
    not_primary,  ///< This server takes no writes, now or any more: look for the one that does.
    out_of_memory,
    refused,  ///< Not done, for a reason that lasts.
    failed,   ///< Perhaps done in part.
};

Refusal kind_of(std::string_view error);

/// For people, with what to do; `unknown` for Refusal::failed, else `unavailable`.
Error explain(std::string_view error, const Address& server);

struct Redirect {
    std::uint16_t slot = 0;
    Address to;  ///< Without a host: the host that was asked.
};

/// What MOVED or ASK says.
std::optional<Redirect> redirect_of(std::string_view error);

}  // namespace dtmd::store::redis
