#include "engine/due_queue.h"

#include <algorithm>
#include <functional>

namespace dtmd::engine {
namespace {

constexpr std::size_t worth_a_sweep = 1'000;

}  // namespace

bool DueQueue::is_current(const Entry& entry) {
    const ActorPtr actor = entry.actor.lock();
    return actor && !actor->gone && actor->alarm_serial == entry.serial;
}

void DueQueue::set(const ActorPtr& actor, Time when) {
    if (actor->alarm == when) return;
    if (actor->alarm == no_time) ++alarms_;
    actor->alarm = when;
    entries_.push_back({when, ++actor->alarm_serial, actor});
    std::ranges::push_heap(entries_, std::greater<>());
    if (entries_.size() > 2 * alarms_ + worth_a_sweep) sweep();
}

void DueQueue::clear(Actor& actor) {
    if (actor.alarm == no_time) return;
    actor.alarm = no_time;
    ++actor.alarm_serial;
    --alarms_;
}

// What is left behind keeps its actor's memory, possibly for days: transactions end long before their time-outs.
void DueQueue::sweep() {
    std::erase_if(entries_, [](const Entry& entry) { return !is_current(entry); });
    std::ranges::make_heap(entries_, std::greater<>());
    alarms_ = entries_.size();
}

ActorPtr DueQueue::take_due(Time now) {
    while (!entries_.empty() && entries_.front().when <= now) {
        std::ranges::pop_heap(entries_, std::greater<>());
        const Entry entry = std::move(entries_.back());
        entries_.pop_back();
        if (!is_current(entry)) continue;
        ActorPtr actor = entry.actor.lock();
        clear(*actor);
        return actor;
    }
    return nullptr;
}

std::optional<Time> DueQueue::next() const {
    if (entries_.empty()) return std::nullopt;
    return entries_.front().when;
}

}  // namespace dtmd::engine
