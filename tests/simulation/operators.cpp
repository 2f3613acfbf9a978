#include "operators.h"

#include <memory>
#include <set>
#include <utility>

namespace dtmd::simulation {
namespace {

using engine::Answer;
using engine::Engine;
using engine::Reply;

std::string subscriber(Dice& dice) {
    Movement note;
    note.account = static_cast<int>(dice.index(Bank::hosts));
    return note.url();
}

}  // namespace

const std::vector<std::string>& Operators::topics() {
    static const std::vector<std::string> names{"news", "prices", "nobody"};
    return names;
}

void Operators::ask(const std::string& what, Gateway::Ask request) {
    ++surroundings_.context.tally.operator_acts;
    surroundings_.gateway.ask(what, std::move(request), [](const std::optional<Answer>&) {});
}

void Operators::act(const std::vector<std::string>& gids) {
    Dice& dice = surroundings_.context.dice;
    const std::string gid = gids.empty() ? "nothing" : gids[dice.index(gids.size())];
    const std::string topic = topics()[dice.index(topics().size())];
    switch (dice.between(0, 13)) {
        case 0: return force_stop(gid);
        case 1:
        case 2:
        case 3: return reset(gid);
        case 4: return reset_many();
        case 5:
        case 6: return list();
        case 7: return subscribe(topic);
        case 8: return unsubscribe(topic);
        case 9: return dice.chance(0.3) ? delete_topic(topic) : subscribe(topic);
        case 10: return look_around();
        default: return query(gid);
    }
}

void Operators::force_stop(const std::string& gid) {
    surroundings_.witness.force_stop_asked(gid);
    ask(gid + " force stop",
        [gid](Engine& engine, Loop& loop, Reply reply) { engine.force_stop(loop, gid, std::move(reply)); });
}

void Operators::reset(const std::string& gid) {
    surroundings_.witness.reset_asked(gid);
    ask(gid + " reset",
        [gid](Engine& engine, Loop& loop, Reply reply) { engine.reset_next_cron_time(loop, gid, std::move(reply)); });
}

void Operators::reset_many() {
    surroundings_.witness.reset_all_asked();
    ask("reset many", [](Engine& engine, Loop& loop, Reply reply) {
        engine.reset_cron_time(loop, std::chrono::seconds(1), 5,
                               [reply = std::move(reply)](Answer answer, std::pair<std::size_t, bool>) mutable {
                                   reply(std::move(answer));
                               });
    });
}

void Operators::query(const std::string& gid) {
    Context& context = surroundings_.context;
    ask(gid + " query", [gid, &context](Engine& engine, Loop& loop, Reply reply) {
        engine.query(loop, gid, [gid, &context, reply = std::move(reply)](Answer answer, engine::Found found) mutable {
            if (found && found->gid != gid) context.complain(gid, "a query for it finds " + found->gid);
            reply(std::move(answer));
        });
    });
}

void Operators::list() {
    store::Filter filter;
    Dice& dice = surroundings_.context.dice;
    if (dice.chance(0.3)) filter.mode = static_cast<txn::Mode>(dice.between(0, 4));
    if (dice.chance(0.3)) filter.status = static_cast<txn::Status>(dice.between(0, 4));
    ask("list", [filter](Engine& engine, Loop& loop, Reply reply) {
        engine.list(loop, filter, {}, 20,
                    [reply = std::move(reply)](Answer answer, store::Page) mutable { reply(std::move(answer)); });
    });
}

void Operators::subscribe(const std::string& topic) {
    ask("subscribe " + topic,
        [topic, url = subscriber(surroundings_.context.dice)](Engine& engine, Loop& loop, Reply reply) {
            engine.subscribe(loop, topic, url, "", std::move(reply));
        });
}

void Operators::unsubscribe(const std::string& topic) {
    ask("unsubscribe " + topic,
        [topic, url = subscriber(surroundings_.context.dice)](Engine& engine, Loop& loop, Reply reply) {
            engine.unsubscribe(loop, topic, url, std::move(reply));
        });
}

void Operators::delete_topic(const std::string& topic) {
    ask("delete topic " + topic,
        [topic](Engine& engine, Loop& loop, Reply reply) { engine.delete_topic(loop, topic, std::move(reply)); });
}

// What dashboards and probes do.
void Operators::look_around() {
    ask("health", [](Engine& engine, Loop& loop, Reply reply) { engine.health(loop, std::move(reply)); });
    ask("scan topics", [](Engine& engine, Loop& loop, Reply reply) {
        engine.scan_kv(loop, "topics", {}, 2, [reply = std::move(reply)](Answer answer, store::KeyValuePage) mutable {
            reply(std::move(answer));
        });
    });
    const std::string topic = surroundings_.context.dice.chance(0.5) ? topics().front() : std::string();
    ask("show topics", [topic](Engine& engine, Loop& loop, Reply reply) {
        engine.query_kv(loop, "topics", topic,
                        [reply = std::move(reply)](Answer answer, const std::vector<store::KeyValue>&) mutable {
                            reply(std::move(answer));
                        });
    });
    ask("new gid", [](Engine& engine, Loop& loop, Reply reply) {
        const std::string gid = engine.new_gid(loop);
        reply(gid.size() == 22 ? Answer{} : Answer{Answer::Kind::error, "bad gid " + gid});
    });
}

}  // namespace dtmd::simulation
