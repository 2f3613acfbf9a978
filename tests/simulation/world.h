#pragma once

#include "client.h"
#include "operators.h"
#include "scenario.h"
#include "workflow.h"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace dtmd::simulation {

/// One whole life: nodes on a store, participants, clients and operators, in a storm that ends at last. Everything in
/// it follows from the seed.
class World {
public:
    struct Options {
        const Profile* profile = nullptr;  ///< Null: by the seed.
        bool lossy_failover = false;       ///< Redis only: a failover may lose what was acknowledged last.
        bool prints = false;               ///< Every event, to standard output.
    };
    World(std::uint64_t seed, const Options& options);

    /// Lives it to the end, or to the first broken promise.
    void run();

    const std::vector<std::string>& complaints() const { return context_.complaints; }
    const Tally& tally() const { return context_.tally; }
    std::uint64_t events() const { return context_.queue.steps(); }
    Millis virtual_time() const { return context_.queue.now() - begin_; }
    std::uint64_t trace_hash() const { return context_.trace.hash(); }
    const Scenario& scenario() const { return scenario_; }

private:
    // world.cpp
    void add_client(int number);
    void begin();
    bool live_until(Time limit);
    void calm_down();
    bool outlive_a_dead_host();
    bool rest_has_ended(int host) const;
    bool returns_at_once() const;
    void pass_time(Millis span);
    bool all_ended() const;
    bool is_quiet() const { return context_.complaints.empty(); }
    std::vector<std::string> gids() const;
    bool called_back(const std::string& gid);

    // world_faults.cpp
    void every_second();
    void trouble_nodes();
    void trouble_surroundings();
    void crash_one();
    void revive();

    // world_end.cpp
    void check_the_end();
    void check_topics();
    void check_queries();
    void check_listing(Node& node, const std::string& position, std::shared_ptr<std::vector<std::string>> seen);
    void check_empty_engines();
    void check_stopping();
    void check_expiry();
    void count_ends();

    Context context_;
    Scenario scenario_;

    // Twice the longest back-off that scenarios allow, an outage's lease, and the time the work itself takes.
    static constexpr Millis patience{900'000};
    Millis ends_within_ = patience;  ///< Once all is well again.
    Profile profile_;
    Durable durable_;
    Bank bank_;
    Witness witness_;
    Network network_;
    std::deque<Node> nodes_;
    Gateway gateway_;
    Operators operators_;
    std::deque<Client> clients_;
    std::map<std::string, Workflow> workflows_;
    std::map<int, Time> revive_at_;
    Time begin_, calm_at_;
    int not_begun_ = 0;
    std::int64_t next_crash_ = 0;
};

}  // namespace dtmd::simulation
