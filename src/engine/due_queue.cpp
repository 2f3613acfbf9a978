#include "engine/due_queue.h"

namespace dtmd::engine {

void DueQueue::set(const ActorPtr& actor, Time when) {
    if (actor->alarm == when) return;
    actor->alarm = when;
    entries_.push({when, ++actor->alarm_serial, actor});
}

void DueQueue::clear(Actor& actor) {
    actor.alarm = no_time;
    ++actor.alarm_serial;
}

ActorPtr DueQueue::take_due(Time now) {
    while (!entries_.empty() && entries_.top().when <= now) {
        const Entry entry = entries_.top();
        entries_.pop();
        ActorPtr actor = entry.actor.lock();
        if (!actor || actor->gone || actor->alarm_serial != entry.serial) continue;
        clear(*actor);
        return actor;
    }
    return nullptr;
}

std::optional<Time> DueQueue::next() const {
    if (entries_.empty()) return std::nullopt;
    return entries_.top().when;
}

}  // namespace dtmd::engine
