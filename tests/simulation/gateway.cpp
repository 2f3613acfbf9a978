#include "gateway.h"

#include <utility>

namespace dtmd::simulation {
namespace {

constexpr Millis refused_after{5};

}  // namespace

std::string shown(const engine::Answer& answer) {
    static const char* const kinds[] = {"success", "failure", "ongoing", "invalid", "error", "unavailable", "unknown"};
    return std::string(kinds[static_cast<int>(answer.kind)]) + ": " + answer.message;
}

Gateway::Gateway(Context& context, std::deque<Node>& nodes, double trouble)
    : context_(context), nodes_(nodes), trouble_(trouble) {}

Node* Gateway::any_node() {
    Node& node = nodes_[context_.dice.index(nodes_.size())];
    return node.is_running() ? &node : nullptr;
}

void Gateway::ask(std::string what, Ask ask, Told told) {
    ++context_.tally.client_requests;
    auto request = std::make_shared<Request>(Request{std::move(what), std::move(ask), std::move(told)});
    context_.note("ask  ", request->what);
    Node* node = any_node();
    if (!node) {
        return context_.queue.after(refused_after, the_world, [this, request] { tell(request, std::nullopt); });
    }
    const Millis patience{context_.dice.between(1'000, 15'000)};
    context_.queue.after(patience, the_world, [this, request] { tell(request, std::nullopt); });
    if (context_.trouble(trouble_ / 3)) {
        ++context_.tally.duplicates;
        context_.queue.after(Millis{context_.dice.between(0, 300'000)}, the_world, [this, request] {
            if (Node* other = any_node()) deliver(request, *other, false);
        });
    }
    if (context_.trouble(trouble_ / 3)) {
        ++context_.tally.client_losses;
        return;
    }
    // Long ways differ in length, so that requests overtake each other.
    const Millis way{context_.trouble(trouble_) ? context_.dice.between(0, 3'000) : context_.dice.between(0, 10)};
    context_.queue.after(way, the_world, [this, request, node] {
        if (node->is_running()) deliver(request, *node, false);
    });
}

void Gateway::ask_node(Node& node, std::string what, const Ask& ask, Told told) {
    context_.note("ask  ", what);
    deliver(std::make_shared<Request>(Request{std::move(what), ask, std::move(told)}), node, true);
}

// On one of the node's own loops, as its listener would.
void Gateway::deliver(const RequestPtr& request, Node& node, bool reliable) {
    const std::uint64_t number = ++last_number_;
    const Owner owner = node.owner();
    open_.emplace(number, std::pair{owner, request->what});
    Loop& loop = node.a_loop();
    loop.post([this, request, number, owner, reliable, &node, &loop] {
        request->ask(node.engine(), loop, [this, request, number, owner, reliable](engine::Answer answer) {
            if (context_.queue.running() != owner)
                context_.complain(request->what, "is answered from outside its node");
            answered(request, number, reliable, std::move(answer));
        });
    });
}

void Gateway::answered(const RequestPtr& request, std::uint64_t number, bool reliable, engine::Answer answer) {
    if (open_.erase(number) == 0) context_.complain(request->what, "is answered twice: " + shown(answer));
    if (!reliable && context_.trouble(trouble_ / 3)) {
        ++context_.tally.client_losses;
        return;
    }
    const Millis way{reliable ? 0 : context_.dice.between(0, 10)};
    context_.queue.after(way, the_world, [this, request, answer = std::move(answer)] { tell(request, answer); });
}

void Gateway::tell(const RequestPtr& request, std::optional<engine::Answer> answer) {
    if (std::exchange(request->over, true)) return;
    context_.note("told ", request->what, ": ", answer ? shown(*answer) : std::string("nothing"));
    request->told(std::move(answer));
}

std::size_t Gateway::unanswered() const { return unanswered_names().size(); }

std::vector<std::string> Gateway::unanswered_names() const {
    std::vector<std::string> names;
    for (const auto& [number, request] : open_) {
        if (context_.queue.is_alive(request.first)) names.push_back(request.second);
    }
    return names;
}

}  // namespace dtmd::simulation
