#include "world.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

// When all is done: the store, the bank, the clients and the engines' memory are compared with what they should be.
namespace dtmd::simulation {

void World::check_the_end() {
    context_.note("--- the end");
    for (const Client& client : clients_) {
        if (!client.is_done()) context_.complain(client.gid(), "its client was never answered");
    }
    for (const std::string& request : gateway_.unanswered_names()) context_.complain(request, "was never answered");
    witness_.check_the_end();
    for (const auto& [gid, row] : durable_.tables.rows) {
        if (!witness_.was_forced(gid) && txn::is_final(row.status)) bank_.ended(row);
    }
    bank_.check_total();
    if (is_quiet()) check_topics();
    if (is_quiet()) check_queries();
    count_ends();
    if (is_quiet()) check_expiry();
    if (is_quiet()) check_stopping();
}

// Each node sends to all that subscribe, whichever node took that in.
void World::check_topics() {
    const std::string topic = Operators::topics().front();
    pass_time(Millis{50'000});  // Some node may still stand still; then it reads what there is.
    const auto stored = durable_.tables.kv_find("topics", topic);
    const std::string listed = stored && *stored ? (*stored)->value : "[]";
    const std::size_t subscribers = nlohmann::json::parse(listed).size();
    if (subscribers == 0) return;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        txn::Transaction message;
        message.gid = "last" + std::to_string(i);
        message.mode = txn::Mode::message;
        message.query_prepared = Movement{}.url();
        message.steps.push_back({{{"action", "topic://" + topic}}});
        message.payloads.push_back("{}");
        auto ask = [message](engine::Engine& engine, Loop& loop, engine::Reply reply) {
            engine.submit(loop, message, std::move(reply));
        };
        gateway_.ask_node(nodes_[i], message.gid, ask, [this, gid = message.gid, subscribers](const auto& answer) {
            const auto row = durable_.tables.rows.find(gid);
            const std::size_t sent = row == durable_.tables.rows.end() ? 0 : row->second.branches.size();
            if (sent == subscribers) return;
            context_.complain(gid, "goes to " + std::to_string(sent) + " of " + std::to_string(subscribers) +
                                       " subscribers: " + (answer ? shown(*answer) : "no answer"));
        });
    }
    pass_time(Millis{5'000});
}

// Each node finds each transaction, as it is stored, by name and in its listing.
void World::check_queries() {
    for (Node& node : nodes_) {
        for (const auto& [gid, row] : durable_.tables.rows) {
            auto ask = [this, gid, status = row.status](engine::Engine& engine, Loop& loop, engine::Reply reply) {
                engine.query(
                    loop, gid,
                    [this, gid, status, reply = std::move(reply)](engine::Answer answer, engine::Found found) mutable {
                        if (!found || found->status != status)
                            context_.complain(gid, "a query does not find it as it is");
                        reply(std::move(answer));
                    });
            };
            gateway_.ask_node(node, gid + " query", ask, [](const std::optional<engine::Answer>&) {});
        }
        check_listing(node, {}, std::make_shared<std::vector<std::string>>());
    }
    pass_time(Millis{20'000});
}

void World::check_listing(Node& node, const std::string& position, std::shared_ptr<std::vector<std::string>> seen) {
    auto ask = [this, &node, position, seen](engine::Engine& engine, Loop& loop, engine::Reply reply) {
        auto listed = [this, &node, seen, reply = std::move(reply)](engine::Answer answer, store::Page page) mutable {
            for (const txn::Transaction& one : page.transactions) seen->push_back(one.gid);
            const bool is_last = page.next_position.empty();
            if (answer.kind != engine::Answer::Kind::success) context_.complain("listing", "fails: " + answer.message);
            reply(std::move(answer));
            if (!is_last) return check_listing(node, page.next_position, seen);
            const std::set<std::string> distinct(seen->begin(), seen->end());
            if (distinct.size() != seen->size() || seen->size() != durable_.tables.rows.size()) {
                context_.complain("listing", "shows " + std::to_string(seen->size()) + " of " +
                                                 std::to_string(durable_.tables.rows.size()) + " transactions");
            }
        };
        engine.list(loop, {}, position, 7, std::move(listed));
    };
    gateway_.ask_node(node, "list", ask, [](const std::optional<engine::Answer>&) {});
}

// Everything has ended, so nothing may be left of it in any engine's memory.
void World::check_empty_engines() {
    for (Node& node : nodes_) {
        if (!node.is_running()) continue;
        const engine::Footprint left = node.engine().footprint();
        const auto complain = [&](std::size_t count, const std::string& what) {
            if (count > 0) context_.complain("memory", std::to_string(count) + " " + what + " are left in a node");
        };
        complain(left.actors, "actors");
        complain(left.alarms, "alarms");
        complain(left.open_calls, "open calls");
        complain(left.queued_calls, "queued calls");
        complain(left.sleepers, "sleepers");
        if (node.metrics().flying != 0) context_.complain("metrics", "somebody is still in flight");
        if (node.metrics().breakers < 0) context_.complain("metrics", "a host has come back that was not given up on");
        if (node.metrics().sleeping != 0) context_.complain("metrics", "somebody still sleeps");
    }
}

void World::check_expiry() {
    const Millis kept = scenario_.expires ? scenario_.settings.finished_kept + Millis{900'000} : Millis{40'000};
    pass_time(kept);
    // What an operator's reset has given to another node may still sleep in this one, which finds out in its turn.
    const auto keeps_some = [](Node& node) { return node.is_running() && node.engine().footprint().actors > 0; };
    if (std::ranges::any_of(nodes_, keeps_some)) {
        pass_time(scenario_.settings.policy.max_retry_interval + Millis{30'000});
    }
    if (!is_quiet()) return;
    check_empty_engines();
    if (scenario_.expires && !durable_.tables.rows.empty()) {
        context_.complain("expiry", std::to_string(durable_.tables.rows.size()) + " finished transactions are kept");
    }
}

void World::check_stopping() {
    for (Node& node : nodes_) {
        if (node.is_running()) node.stop(Millis{1'000});
    }
    pass_time(Millis{5'000});
    for (const Node& node : nodes_) {
        if (node.is_running()) context_.complain("stop", "a node with nothing to do has not stopped");
    }
}

void World::count_ends() {
    for (const auto& [gid, row] : durable_.tables.rows) {
        if (!txn::is_final(row.status)) continue;
        ++context_.tally.ended[static_cast<std::size_t>(row.mode)][row.status == txn::Status::succeed ? 0 : 1];
        if (witness_.was_forced(gid)) ++context_.tally.forced;
    }
}

}  // namespace dtmd::simulation
