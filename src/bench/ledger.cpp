#include "bench/ledger.h"

#include <bit>
#include <charconv>

namespace dtmd::bench {
namespace {

bool goes_back(std::string_view op) { return op == "compensate" || op == "cancel" || op == "rollback"; }

std::optional<unsigned> parse_number(std::string_view text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

std::size_t Ledger::begin(Micros intended, bool refused) {
    Entry entry;
    entry.intended = intended;
    entry.refused = refused;
    entry.measured = intended >= from_ && intended < until_;
    if (entry.measured) ++totals.begun;
    entries_.push_back(entry);
    ++open_;
    return entries_.size() - 1;
}

void Ledger::acknowledged(std::size_t number, Micros now) {
    Entry& entry = entries_[number];
    entry.acknowledged = true;
    settle(entry, now);
}

void Ledger::called(std::string_view gid, std::string_view branch_id, std::string_view op, bool refuses, Micros now) {
    if (!gid.starts_with(prefix_)) return;
    const auto number = parse_number(gid.substr(prefix_.size()));
    const auto branch = parse_number(branch_id);
    if (!number || *number >= entries_.size() || !branch || *branch < 1 || *branch > 64) return;
    Entry& entry = entries_[*number];
    if (entry.measured) ++totals.calls;
    std::uint64_t& bits = goes_back(op) ? entry.undone : entry.done;
    const std::uint64_t bit = 1ULL << (*branch - 1);
    if (entry.measured && (bits & bit)) ++totals.repeats;
    if (!refuses) bits |= bit;
    settle(entry, now);
}

// What was refused must have been undone wherever it was done; the refusing branch itself may be asked to undo as well.
bool Ledger::is_complete(const Entry& entry) const {
    if (kind_ == Kind::workflow) return true;
    if (!entry.refused) return entry.done == all_;
    return (entry.undone & entry.done) == entry.done && (entry.done | (all_ ^ (all_ >> 1))) == all_;
}

// The time of a transaction that is waited for ends with the answer; of one that is watched, with its last effect.
void Ledger::settle(Entry& entry, Micros now) {
    if (entry.ended || !entry.acknowledged || (watch_ && !is_complete(entry))) return;
    entry.ended = true;
    --open_;
    const auto micros = (now - entry.intended).count();
    if (entry.measured) totals.latency.add(micros);
    if (now < from_ || now >= until_) return;
    ++totals.ended;
    if (entry.refused) ++totals.ended_undone;
    const auto second = static_cast<std::size_t>(std::chrono::floor<std::chrono::seconds>(now - from_).count());
    if (seconds.size() <= second) seconds.resize(second + 1);
    ++seconds[second].ended;
    if (entry.measured) seconds[second].latency.add(micros);
}

std::vector<std::string> Ledger::complaints() const {
    std::uint64_t unanswered = 0, incomplete = 0, mixed = 0;
    std::string example;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        const bool is_mixed = !entry.refused && entry.undone != 0;
        if (!entry.acknowledged) ++unanswered;
        if (entry.acknowledged && !is_complete(entry)) ++incomplete;
        if (is_mixed) ++mixed;
        if (example.empty() && (is_mixed || !entry.acknowledged || !is_complete(entry))) example = gid(i);
    }
    std::vector<std::string> lines;
    const auto say = [&](std::uint64_t count, const char* what) {
        if (count > 0) lines.push_back(std::to_string(count) + " " + what + ", for example " + example);
    };
    say(unanswered, "transactions were never answered as they should be");
    say(incomplete, "acknowledged transactions have not had all their effects");
    say(mixed, "transactions were undone although nothing was refused");
    return lines;
}

}  // namespace dtmd::bench
