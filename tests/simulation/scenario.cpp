#include "scenario.h"

namespace dtmd::simulation {
namespace {

engine::Settings make_settings(Dice& dice) {
    engine::Settings settings;
    settings.per_host_concurrency = dice.chance(0.5) ? static_cast<std::size_t>(dice.between(1, 6)) : 256;
    settings.max_resident = dice.chance(0.4) ? static_cast<std::size_t>(dice.between(1, 4)) : 1'000;
    settings.max_claimed = dice.chance(0.3) ? static_cast<std::size_t>(dice.between(1, 3)) : 1'000;
    settings.lazy_branch_results = dice.chance(0.3);
    settings.safe_resubmit = dice.chance(0.5);
    settings.policy.submit_without_check_back = dice.chance(0.8);
    settings.policy.max_retry_interval = Millis{dice.between(20, 120) * 1'000};
    settings.policy.retry_interval = dice.chance(0.7) ? 10 : dice.between(1, 20);
    settings.request_timeout = dice.chance(0.7) ? Millis{3'000} : Millis{dice.between(500, 8'000)};
    return settings;
}

// Mostly few, so that seeds are quick; now and then a crowd.
int number_of_clients(Dice& dice) {
    if (dice.chance(0.01)) return static_cast<int>(dice.between(60, 200));
    if (dice.chance(0.1)) return static_cast<int>(dice.between(15, 40));
    return static_cast<int>(dice.between(1, 12));
}

double rate(Dice& dice, double most) { return dice.chance(0.3) ? 0 : most * dice.fraction(); }

}  // namespace

Scenario make_scenario(Dice& dice, const Profile* profile) {
    Scenario scenario;
    const auto profiles = all_profiles();
    scenario.profile = profile ? profile : &profiles[dice.index(profiles.size())];
    scenario.nodes = static_cast<int>(dice.between(1, scenario.profile->most_nodes));
    scenario.shards = static_cast<int>(dice.between(1, 3));
    const bool skewed = dice.chance(0.6);
    for (int i = 0; i < scenario.nodes; ++i) {
        scenario.skews.push_back(skewed ? Millis{dice.between(-3'000, 3'000)} : Millis{dice.between(-50, 50)});
    }
    scenario.settings = make_settings(dice);
    scenario.clients = number_of_clients(dice);
    scenario.storm = Millis{dice.between(20, 120) * 1'000};
    scenario.call_trouble = rate(dice, 0.6);
    scenario.host_outages = rate(dice, 0.1);
    scenario.store_trouble = rate(dice, 0.08);
    scenario.store_outages = rate(dice, 0.04);
    scenario.crashes = rate(dice, 0.01);
    scenario.node_faults = rate(dice, 0.1);
    scenario.client_trouble = rate(dice, 0.3);
    scenario.operators = rate(dice, 0.3);
    scenario.expires = dice.chance(0.1);
    scenario.dead_host = dice.chance(0.2);
    // Longer than any late duplicate needs.
    if (scenario.expires) scenario.settings.finished_kept = Millis{900'000};
    return scenario;
}

}  // namespace dtmd::simulation
