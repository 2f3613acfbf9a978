#include "event_queue.h"

#include <algorithm>
#include <utility>

namespace dtmd::simulation {

void EventQueue::push(Event event) {
    events_.push_back(std::move(event));
    std::ranges::push_heap(events_, std::less<>());
}

EventQueue::Event EventQueue::pop() {
    std::ranges::pop_heap(events_, std::less<>());
    Event event = std::move(events_.back());
    events_.pop_back();
    return event;
}

void EventQueue::at(Time when, Owner owner, Task task) {
    if (!is_alive(owner)) return;
    if (owner == the_world) ++world_events_;
    push({std::max(when, now_), ++serial_, owner, std::move(task)});
}

void EventQueue::forget(Owner owner) {
    dead_.insert(owner);
    stalled_.erase(owner);
    std::vector<Event> gone;  // Ended outside the heap: a task that ends may plan others.
    for (Event& event : events_) {
        if (event.owner == owner) gone.push_back(std::move(event));
    }
    std::erase_if(events_, [owner](const Event& event) { return event.owner == owner; });
    std::ranges::make_heap(events_, std::less<>());
}

// It keeps its number, and so its place among what stood still with it.
bool EventQueue::put_off(Event& event) {
    const auto stalled = stalled_.find(event.owner);
    if (stalled == stalled_.end()) return false;
    if (stalled->second <= now_) {
        stalled_.erase(stalled);
        return false;
    }
    event.when = stalled->second;
    push(std::move(event));
    return true;
}

bool EventQueue::step(Time limit) {
    while (!events_.empty() && events_.front().when <= limit) {
        Event event = pop();
        now_ = std::max(now_, event.when);
        if (put_off(event)) continue;
        if (event.owner == the_world) --world_events_;
        ++steps_;
        running_ = event.owner;
        event.task();
        running_ = the_world;
        return true;
    }
    return false;
}

}  // namespace dtmd::simulation
