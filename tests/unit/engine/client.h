#pragma once

#include "watch.h"

#include <functional>
#include <string>
#include <vector>

namespace dtmd::testing {

/// A client that carries one transaction through, request by request, as the published ones do. What was not answered
/// (a crash, a store in trouble) it asks again; a refusal ends it.
class Client {
public:
    /// @param forward  commit in the end, or abort (a saga always submits)
    Client(World& world, Watch& watch, txn::Mode mode, std::string gid, bool forward, bool wait = false);

    txn::Transaction transaction;  ///< Sent by prepare and submit; the test may change it.
    int branches = 2;
    bool repeats = false;  ///< Sends everything twice at once.

    /// Call it after every event.
    void poll();
    void crashed() { pending_ = nullptr; }
    bool is_done() const { return at_ >= requests_.size(); }
    const std::string& gid() const { return transaction.gid; }

private:
    struct Request {
        std::string name;
        std::function<World::Pending()> send;
        std::function<void()> acknowledged;
    };
    void plan(bool forward);
    void plan_branches();
    void answered(const engine::Answer& answer);

    World& world_;
    Watch& watch_;
    std::vector<Request> requests_;
    std::size_t at_ = 0;
    World::Pending pending_;
    Time not_before_;
};

}  // namespace dtmd::testing
