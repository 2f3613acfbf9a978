#pragma once

#include "client.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace dtmd::testing {

/// A seeded random life of one coordinator: clients of all modes at once, participants that answer anything at any
/// pace, crashes, a store in trouble, operators. After a while all trouble ceases, and everything has to end.
/// The same seed gives the same life.
class Storm {
public:
    explicit Storm(std::uint64_t seed, bool tracing = false);

    /// What went wrong; empty: nothing.
    std::vector<std::string> run();

    std::size_t crashes = 0, ended_well = 0, ended_badly = 0;

private:
    bool chance(double probability) { return std::uniform_real_distribution<>(0, 1)(random_) < probability; }
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
    }
    engine::Settings random_settings();
    void add_client(int number);
    participant::Reply answer_to(const participant::Call& call);
    std::optional<Millis> time_of(const participant::Call& call);
    void disturb();
    void disturb_store();
    void meddle();
    void crash();
    void calm_down();
    bool all_ended() const;

    std::mt19937_64 random_;
    World world_;
    Witness witness_{world_};
    std::deque<Client> clients_;
    std::vector<Time> starts_;
    std::set<std::string> refused_;  ///< "gid/branch": this action never succeeds.
    bool stormy_ = true;
    double answer_trouble_ = 0, crash_rate_ = 0, store_trouble_ = 0, meddling_ = 0;
    Time store_back_;
};

}  // namespace dtmd::testing
