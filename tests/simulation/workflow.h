#pragma once

#include "client.h"

#include <memory>
#include <string>

namespace dtmd::simulation {

/// The service behind one workflow: carries its steps out, reports progress, and does so again whenever it is called
/// back, since an execution may break off anywhere.
class Workflow {
public:
    Workflow(Surroundings surroundings, Plan plan, double breaks_off);

    void start();
    /// dtmd asks for it to go on; true: it does.
    bool called_back();
    /// Its client has begun it and is not at work on it now.
    bool is_done() const { return running_ == 0; }
    const std::string& gid() const { return plan_.request.gid; }
    const Plan& plan() const { return plan_; }

private:
    /// One execution. Owned by the callbacks it waits for.
    struct Execution {
        engine::Found found;
        std::size_t at = 0;
        int attempts = 0;
        bool back = false;
        bool over = false;
    };
    using ExecutionPtr = std::shared_ptr<Execution>;

    void execute();
    void end(const ExecutionPtr& execution);
    bool breaks_off(const ExecutionPtr& execution);
    void prepare(const ExecutionPtr& execution);
    void go_on(const ExecutionPtr& execution);
    void call_step(const ExecutionPtr& execution);
    void step_answered(const ExecutionPtr& execution, txn::Answer answer);
    void report(const ExecutionPtr& execution, const std::string& status);
    void reported(const ExecutionPtr& execution, bool failed);
    void submit(const ExecutionPtr& execution);
    std::string branch_id(const Execution& execution) const;
    std::string_view op(const Execution& execution) const { return execution.back ? "rollback" : "action"; }
    /// What was reported of the step at hand; null: nothing.
    const txn::Branch* progress(const Execution& execution) const;
    /// Asks again until there is an answer that tells something.
    void ask(const ExecutionPtr& execution, std::string what, Gateway::Ask request,
             std::function<void(const engine::Answer&)> then);

    Surroundings surroundings_;
    Plan plan_;
    const double breaks_off_;
    int running_ = 0;
};

}  // namespace dtmd::simulation
