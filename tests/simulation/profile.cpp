#include "profile.h"

#include <algorithm>

namespace dtmd::simulation {
namespace {

constexpr Millis second{1'000};

constexpr Profile profiles[] = {
    {.name = "rocksdb", .most_nodes = 1, .exclusive = true},
    // Galera: a node reads its own replica, which may lag; a lost connection leaves a commit under way.
    {.name = "mysql",
     .lease_grain = second,
     .keeps_owners = true,
     .stale_reads = Millis{1'000},
     .late_effect = Millis{200}},
    {.name = "postgres", .lease_grain = second, .keeps_owners = true, .late_effect = Millis{200}},
    // A pipeline of scripts, each atomic by itself.
    {.name = "redis", .torn_batches = true, .late_effect = Millis{200}},
};

}  // namespace

std::span<const Profile> all_profiles() { return profiles; }

const Profile* find_profile(std::string_view name) {
    const auto found = std::ranges::find(profiles, name, &Profile::name);
    return found == std::end(profiles) ? nullptr : &*found;
}

}  // namespace dtmd::simulation
