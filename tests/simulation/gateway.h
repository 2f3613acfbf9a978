#pragma once

#include "context.h"
#include "node.h"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace dtmd::simulation {

/// The clients' way to the nodes: any node may get any request, once, twice, late, or never, and so with the answers.
class Gateway {
public:
    /// Empty: no answer has come in time; it may or may not have been done.
    using Told = std::function<void(std::optional<engine::Answer>)>;
    /// Makes the request of an engine. It may be made more than once.
    using Ask = std::function<void(engine::Engine&, Loop&, engine::Reply)>;

    Gateway(Context& context, std::deque<Node>& nodes, double trouble);

    /// Sends a request to a node of the dice's choice. `told` is called once.
    void ask(std::string what, Ask ask, Told told);
    /// The same to this one, whatever the dice say; nothing is lost on the way.
    void ask_node(Node& node, std::string what, const Ask& ask, Told told);

    /// Requests that a living node has taken and not answered.
    std::size_t unanswered() const;
    std::vector<std::string> unanswered_names() const;

private:
    struct Request {
        std::string what;
        Ask ask;
        Told told;
        bool over = false;
    };
    using RequestPtr = std::shared_ptr<Request>;
    void deliver(const RequestPtr& request, Node& node, bool reliable);
    void answered(const RequestPtr& request, std::uint64_t number, bool reliable, engine::Answer answer);
    void tell(const RequestPtr& request, std::optional<engine::Answer> answer);
    Node* any_node();

    Context& context_;
    std::deque<Node>& nodes_;
    const double trouble_;
    std::uint64_t last_number_ = 0;
    std::map<std::uint64_t, std::pair<Owner, std::string>> open_;
};

/// "failure: text".
std::string shown(const engine::Answer& answer);

}  // namespace dtmd::simulation
