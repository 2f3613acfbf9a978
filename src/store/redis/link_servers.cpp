#include "store/redis/link.h"
#include "store/redis/refusal.h"

#include <algorithm>

// Finding servers and connecting to them.
namespace dtmd::store::redis {
namespace {

constexpr std::size_t slot_count = 16384;

Error unavailable(const Error& error) { return {Errc::unavailable, error.what}; }

}  // namespace

Result<Connection*> Link::connection_to(const std::string& name) {
    Peer& peer = peers_[name];
    const bool was_replaced =
        name.empty() && peer.connection && watch_ && watch_->have_replaced(peer.connection->address());
    if (peer.connection && peer.connection->is_usable() && !was_replaced) return peer.connection.get();
    peer.connection.reset();
    if (peer.failure && peer.pause.lasts()) return *peer.failure;
    const auto began = RetryPause::Clock::now();
    auto opened = open(name);
    if (!opened) {
        peer.failure = unavailable(opened.error());
        // Behind Sentinels the next attempt goes to another server as soon as they have switched: that is not to wait.
        const bool may_move = shared_->options.topology == RedisTopology::sentinel;
        peer.pause.failed(may_move ? RetryPause::Clock::now() : began);
        return *peer.failure;
    }
    peer.connection = *std::move(opened);
    peer.failure.reset();
    peer.pause.succeeded();
    return peer.connection.get();
}

Result<std::unique_ptr<Connection>> Link::open(const std::string& name) {
    if (!name.empty()) {
        const auto address = parse_address(name, 6379);
        if (!address) return address.error();
        return open_prepared(*address);
    }
    return shared_->options.topology == RedisTopology::sentinel ? open_by_sentinel() : open_single();
}

Result<std::unique_ptr<Connection>> Link::open_prepared(const Address& address) {
    const auto& options = shared_->options;
    auto connection = Connection::open(address, *shared_, options.user, options.password);
    if (!connection) return connection;
    if (auto prepared = prepare(**connection, *shared_); !prepared) return prepared.error();
    return connection;
}

Result<std::unique_ptr<Connection>> Link::open_single() {
    std::optional<Error> failure;
    for (const Address& address : shared_->hosts) {
        auto connection = open_prepared(address);
        if (connection) return connection;
        if (!failure) failure = connection.error();
    }
    return *failure;
}

// Sentinels are asked anew each time, which is how we follow a failover.
Result<std::unique_ptr<Connection>> Link::open_by_sentinel() {
    const auto primaries = ask_sentinels(*shared_);
    if (!primaries) return primaries.error();
    std::optional<Error> failure;
    for (const Primary& primary : *primaries) {
        auto connection = open_prepared(primary.address);
        if (connection) return connection;
        if (!failure) failure = connection.error();
    }
    return *failure;
}

Result<std::string> Link::name_of(std::uint16_t slot) {
    if (shared_->options.topology != RedisTopology::cluster) return std::string();
    if (slots_.empty()) {
        if (auto learnt = learn_slots(); !learnt) return learnt.error();
    }
    if (slots_[slot]) return slots_[slot]->text();
    return Error{Errc::unavailable, "No node of the Redis Cluster serves slot " + std::to_string(slot) +
                                        ". Check `CLUSTER SLOTS`: all 16384 slots need a primary."};
}

Result<void> Link::learn_slots() {
    if (slots_failure_ && slots_pause_.lasts()) return *slots_failure_;
    std::vector<Address> nodes = shared_->hosts;
    for (const auto& [name, peer] : peers_) {
        const auto address = parse_address(name, 6379);
        if (address && std::ranges::find(nodes, *address) == nodes.end()) nodes.push_back(*address);
    }
    const auto began = RetryPause::Clock::now();
    const auto& options = shared_->options;
    for (const Address& node : nodes) {
        auto connection = Connection::open(node, *shared_, options.user, options.password);
        if (!connection) {
            slots_failure_ = unavailable(connection.error());
            continue;
        }
        const Answer slots = (*connection)->ask(command("CLUSTER", "SLOTS"));
        if (slots && slots->kind == Reply::Kind::list && learn_slots_from(*slots, node)) {
            slots_failure_.reset();
            slots_pause_.succeeded();
            return {};
        }
        slots_failure_ =
            !slots ? unavailable(slots.error())
            : slots->is_error()
                ? unavailable(explain(slots->text, node))
                : Error{Errc::unavailable, "The Redis server " + node.text() + " knows no slots: is it a Cluster yet?"};
    }
    slots_pause_.failed(began);
    return *slots_failure_;
}

bool Link::learn_slots_from(const Reply& slots, const Address& asked) {
    std::vector<std::optional<Address>> learnt(slot_count);
    bool found = false;
    for (const Reply& range : slots.items) {
        if (range.items.size() < 3 || range.items[2].items.size() < 2) continue;
        const Reply& primary = range.items[2];
        Address address{.host = primary.at(0), .port = static_cast<std::uint16_t>(primary.items[1].integer)};
        if (address.host.empty() || address.host == "?") address.host = asked.host;
        const auto first = static_cast<std::size_t>(std::max(0LL, range.items[0].integer));
        const auto last = static_cast<std::size_t>(std::max(0LL, range.items[1].integer));
        for (std::size_t slot = first; slot <= last && slot < slot_count; ++slot) learnt[slot] = address;
        found = true;
    }
    if (found) slots_ = std::move(learnt);
    return found;
}

}  // namespace dtmd::store::redis
