#pragma once

#include "context.h"
#include "profile.h"
#include "support/memory_backend.h"
#include "witness.h"

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

namespace dtmd::simulation {

/// The database that all nodes share, as it is on its disks, and what is wrong with it at the moment.
class Durable {
public:
    Durable(Context& context, const Profile& profile);

    testing::MemoryBackend tables;
    Witness* witness = nullptr;  ///< Set before the first node starts.

    const Profile& profile() const { return profile_; }

    bool is_down() const { return context_.queue.now() < down_until_; }
    void go_down(Millis span) { down_until_ = context_.queue.now() + span; }
    void be_slow(Millis span) { slow_until_ = context_.queue.now() + span; }
    void recover() { down_until_ = slow_until_ = {}; }

    /// How long one way of a request takes now.
    Millis latency();

    /// One change by `node`, whose clock says `now`.
    store::Outcome perform(Owner node, const store::Mutation& mutation, Time now);
    Result<store::Claims> claim(Owner node, Time due, Time lease_until, std::size_t limit);

    /// What a read finds that need not see what other nodes wrote after `fresh_after`.
    std::optional<txn::Transaction> read(const std::string& gid, Time fresh_after);

    /// An asynchronous replica takes over: what was written in the last moments is gone.
    void fail_over(Millis lost);

private:
    /// What a row was before a change; empty: it was not there.
    struct Version {
        Time replaced;
        std::optional<txn::Transaction> row;
    };
    void remember(const std::string& gid);

    Context& context_;
    const Profile profile_;
    Time down_until_, slow_until_;
    Owner writer_ = the_world;
    Time writer_now_;
    std::unordered_map<std::string, std::deque<Version>> versions_;
};

}  // namespace dtmd::simulation
