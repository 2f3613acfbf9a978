#pragma once

#include "gateway.h"
#include "network.h"
#include "plan.h"
#include "witness.h"

#include <memory>
#include <string>
#include <vector>

namespace dtmd::simulation {

/// What clients share.
struct Surroundings {
    Context& context;
    Gateway& gateway;
    Network& network;
    Bank& bank;
    Witness& witness;
};

/// A client that carries out one plan (saga, message, tcc, xa), request by request, as the published ones do. What was
/// not answered it asks again; a refusal makes it abort or give up; now and then it is never heard of again.
class Client {
public:
    Client(Surroundings surroundings, Plan plan, double abandons);

    void start() { next(); }
    bool is_done() const { return done_; }
    const std::string& gid() const { return plan_.request.gid; }
    txn::Mode mode() const { return plan_.request.mode; }
    const Plan& plan() const { return plan_; }

private:
    enum class Act : std::uint8_t {
        prepare,
        work_locally,
        register_branch,
        try_branch,
        submit,
        abort,
        regret,  ///< An abort of what is submitted: to be refused.
    };
    struct Step {
        Act act;
        std::size_t branch = 0;
    };
    void plan_steps();
    void next();
    void ask();
    void told(const std::optional<engine::Answer>& answer);
    void acknowledged();
    void refused();
    void try_branch();
    void work_locally();
    void advance();
    void give_up() { done_ = true; }
    Gateway::Ask request() const;
    std::string name() const;

    Surroundings surroundings_;
    Plan plan_;
    const double abandons_;
    std::vector<Step> steps_;
    std::size_t at_ = 0;
    int attempts_ = 0;
    bool done_ = false;
};

}  // namespace dtmd::simulation
