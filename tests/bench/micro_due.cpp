// The queue of alarms with many transactions waiting in it. Each takes the memory of an actor, which is why a node
// keeps no more than Limits.MaxResident of them; so the largest one only runs where there is room.
#include "engine/due_queue.h"

#include <benchmark/benchmark.h>

#include <unistd.h>
#include <fstream>
#include <random>

namespace dtmd::micro {
namespace {

using engine::Actor;
using engine::ActorPtr;
using engine::DueQueue;

std::size_t available_bytes() {
    std::ifstream file("/proc/meminfo");
    std::string key, unit;
    std::size_t kib = 0;
    while (file >> key >> kib && std::getline(file, unit)) {
        if (key == "MemAvailable:") return kib << 10;
    }
    return 0;
}

/// A queue in which `count` alarms are set, at any time of a day.
struct Waiting {
    explicit Waiting(std::size_t count) {
        actors.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            actors.push_back(std::make_shared<Actor>());
            queue.set(actors.back(), any());
        }
    }

    Time any() { return Time(Millis(1 + static_cast<std::int64_t>(random() % 86'400'000))); }

    std::mt19937_64 random{7};
    std::vector<ActorPtr> actors;
    DueQueue queue;
};

bool has_room(benchmark::State& state) {
    constexpr std::size_t entry = 32, pointer = 16, allocator = 48;
    const auto needed = static_cast<std::size_t>(state.range(0)) * (sizeof(Actor) + entry * 2 + pointer + allocator);
    if (needed < available_bytes() / 10 * 9) return true;
    state.SkipWithError(("it needs " + std::to_string(needed >> 30) + " GiB of memory").c_str());
    return false;
}

// As each step of a running transaction does it.
void move_an_alarm(benchmark::State& state) {
    if (!has_room(state)) return;
    Waiting waiting(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        const ActorPtr& actor = waiting.actors[waiting.random() % waiting.actors.size()];
        waiting.queue.set(actor, waiting.any());
    }
    state.counters["bytes of an actor"] = sizeof(Actor);
}

// One comes up, and waits again.
void take_and_set(benchmark::State& state) {
    if (!has_room(state)) return;
    Waiting waiting(static_cast<std::size_t>(state.range(0)));
    Time now{};
    for (auto _ : state) {
        ActorPtr actor = waiting.queue.take_due(now);
        while (!actor) {
            now = *waiting.queue.next();
            actor = waiting.queue.take_due(now);
        }
        waiting.queue.set(actor, now + Millis(86'400'000));
    }
}

constexpr int thousand = 1'000, million = 1'000'000;

BENCHMARK(move_an_alarm)
    ->Name("due queue/move an alarm, among")
    ->Arg(20 * thousand)
    ->Arg(million)
    ->Arg(10 * million)
    ->Iterations(million);
BENCHMARK(take_and_set)
    ->Name("due queue/take and set again, among")
    ->Arg(20 * thousand)
    ->Arg(million)
    ->Arg(10 * million)
    ->Iterations(million);

}  // namespace
}  // namespace dtmd::micro
