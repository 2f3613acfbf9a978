#include "engine/host_gate.h"

#include <algorithm>

namespace dtmd::engine {
namespace {

constexpr std::uint32_t failures_to_break = 5;
constexpr Millis first_probe{500};
// Well below the usual retry interval, so that a host that is back is noticed before anybody's turn comes.
constexpr Millis slowest_probe{5'000};

}  // namespace

HostGate::Pass HostGate::enter(std::string_view name, Caller caller, Time now) {
    auto found = hosts_.find(name);
    if (found == hosts_.end()) found = hosts_.emplace(std::string(name), Host{}).first;
    Host& host = found->second;
    if (host.broken) {
        if (host.probing || now < host.probe_at) return Pass::blocked;
        host.probing = true;
        ++host.open;
        return Pass::go;
    }
    if (host.open >= most_open_) {
        host.queue.push_back(std::move(caller));
        return Pass::queued;
    }
    ++host.open;
    return Pass::go;
}

HostGate::Left HostGate::leave(std::string_view name, bool reached, Time now) {
    Left left;
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) return left;
    Host& host = found->second;
    --host.open;
    if (reached) {
        recover(host, left);
    } else {
        fail(host, now, left);
    }
    admit(host, left);
    forget_if_idle(name);
    return left;
}

HostGate::Left HostGate::give_back(std::string_view name, Time) {
    Left left;
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) return left;
    --found->second.open;
    found->second.probing = false;
    admit(found->second, left);
    forget_if_idle(name);
    return left;
}

void HostGate::admit(Host& host, Left& left) {
    while (!host.broken && !host.queue.empty() && host.open < most_open_) {
        ++host.open;
        left.next.push_back(std::move(host.queue.front()));
        host.queue.pop_front();
    }
}

void HostGate::fail(Host& host, Time now, Left& left) {
    ++host.failures;
    if (host.broken) {
        if (!host.probing) return;  // A straggler from before the breaker opened.
        host.probing = false;
        host.probe_interval = std::min(host.probe_interval * 2, slowest_probe);
        host.probe_at = now + host.probe_interval;
        return;
    }
    if (host.failures < failures_to_break) return;
    host.broken = true;
    host.probe_interval = first_probe;
    host.probe_at = now + first_probe;
    left.breaker_change = 1;
    for (Caller& caller : host.queue) left.blocked.push_back(std::move(caller));
    host.queue.clear();
}

void HostGate::recover(Host& host, Left& left) {
    host.failures = 0;
    if (host.broken) left.breaker_change = -1;
    host.broken = host.probing = false;
    for (const Sleeper& sleeper : host.sleepers) {
        // Also those that don't sleep at this moment: one of their calls is open, and others wait for this host.
        if (ActorPtr actor = sleeper.actor.lock(); actor && !actor->gone) left.awake.push_back(std::move(actor));
    }
    host.sleepers.clear();
    host.known.clear();
}

void HostGate::sleep(std::string_view name, const ActorPtr& actor) {
    const auto found = hosts_.find(name);
    if (found == hosts_.end() || found->second.failures == 0) return;
    Host& host = found->second;
    if (!host.known.insert(actor.get()).second) return;
    host.sleepers.push_back({actor.get(), actor});
    if (host.sleepers.size() >= host.sweep_at) sweep(host);
}

// A host may be away for days, and those that are left to the store meanwhile come back as new actors each time.
void HostGate::sweep(Host& host) {
    std::erase_if(host.sleepers, [](const Sleeper& sleeper) {
        const ActorPtr actor = sleeper.actor.lock();
        return !actor || actor->gone;
    });
    host.known.clear();
    for (const Sleeper& sleeper : host.sleepers) host.known.insert(sleeper.key);
    host.sweep_at = std::max<std::size_t>(64, 2 * host.sleepers.size());
}

std::size_t HostGate::sleepers(std::string_view name) const {
    const auto found = hosts_.find(name);
    return found == hosts_.end() ? 0 : found->second.sleepers.size();
}

void HostGate::add_to(Footprint& sum) const {
    for (const auto& [name, host] : hosts_) {
        sum.open_calls += host.open;
        sum.queued_calls += host.queue.size();
        for (const Sleeper& sleeper : host.sleepers) {
            const ActorPtr actor = sleeper.actor.lock();
            if (actor && !actor->gone) ++sum.sleepers;
        }
    }
}

std::vector<ActorPtr> HostGate::probes(Time now) {
    std::vector<ActorPtr> awake;
    for (auto& [name, host] : hosts_) {
        if (!host.broken || host.probing || now < host.probe_at) continue;
        for (std::size_t i = host.sleepers.size(); i-- > 0;) {
            ActorPtr actor = host.sleepers[i].actor.lock();
            if (actor && !actor->gone && !actor->sleeping) continue;  // It is being written, or has a call open.
            host.known.erase(host.sleepers[i].key);
            host.sleepers.erase(host.sleepers.begin() + static_cast<std::ptrdiff_t>(i));
            if (!actor || actor->gone) continue;
            awake.push_back(std::move(actor));
            break;
        }
    }
    return awake;
}

std::string HostGate::why_blocked(std::string_view name, Time now) const {
    const auto found = hosts_.find(name);
    const auto wait = found == hosts_.end() ? Millis{0} : std::max(found->second.probe_at - now, Millis{0});
    const std::uint32_t failures = found == hosts_.end() ? 0 : found->second.failures;
    return "circuit breaker: " + std::string(name) + " could not be reached " + std::to_string(failures) +
           " times in a row; it is tried again in " + std::to_string(wait.count()) +
           " ms and this call follows when it is back";
}

// Hosts come and go with what clients submit; the table must not grow for ever.
void HostGate::forget_if_idle(std::string_view name) {
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) return;
    const Host& host = found->second;
    if (hosts_.size() > 1000 && host.open == 0 && host.queue.empty() && host.sleepers.empty()) hosts_.erase(found);
}

}  // namespace dtmd::engine
