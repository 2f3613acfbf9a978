#include "participant/resolver/balancer.h"

#include <algorithm>

namespace dtmd::participant {
namespace {

std::chrono::microseconds ejection(unsigned failures) {
    const unsigned doublings = std::min(failures - 1, 10u);
    return std::min<std::chrono::microseconds>(Balancer::first_ejection * (1u << doublings),
                                               Balancer::longest_ejection);
}

}  // namespace

void Balancer::set(const Instances& instances) {
    std::vector<Entry> entries;
    for (const Instance& instance : instances) {
        const auto same = [&](const Entry& entry) { return entry.instance.address == instance.address; };
        const auto known = std::ranges::find_if(entries_, same);
        entries.push_back(known == entries_.end() ? Entry{instance} : *known);
        entries.back().instance = instance;
    }
    entries_ = std::move(entries);
}

bool Balancer::is_candidate(const Entry& entry, Wire wire, const std::vector<std::string>& tried) {
    return entry.instance.speaks(wire) && std::ranges::find(tried, entry.instance.address) == tried.end();
}

bool Balancer::has_live(Wire wire, const std::vector<std::string>& tried, Moment now) const {
    return std::ranges::any_of(
        entries_, [&](const Entry& entry) { return is_candidate(entry, wire, tried) && entry.ejected_until <= now; });
}

const Instance* Balancer::pick(Wire wire, const std::vector<std::string>& tried, Moment now) {
    Entry* best = nullptr;
    bool best_is_live = false;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[(next_ + i) % entries_.size()];
        if (!is_candidate(entry, wire, tried)) continue;
        const bool is_live = entry.ejected_until <= now;
        const bool is_better = best == nullptr || is_live > best_is_live ||
                               (is_live && best_is_live && entry.instance.priority < best->instance.priority) ||
                               (!is_live && !best_is_live && entry.ejected_until < best->ejected_until);
        if (!is_better) continue;
        best = &entry;
        best_is_live = is_live;
    }
    if (best == nullptr) return nullptr;
    next_ = static_cast<std::size_t>(best - entries_.data()) + 1;
    // Until it is known what becomes of this call, the others don't go there.
    if (best->failures > 0) best->ejected_until = now + ejection(best->failures);
    return &best->instance;
}

void Balancer::report(std::string_view address, bool reached, Moment now) {
    for (Entry& entry : entries_) {
        if (entry.instance.address != address) continue;
        entry.failures = reached ? 0 : entry.failures + 1;
        entry.ejected_until = reached ? Moment{0} : now + ejection(entry.failures);
    }
}

}  // namespace dtmd::participant
