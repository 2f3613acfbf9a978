#pragma once

#include "base/loop.h"
#include "base/random.h"

#include <cstdint>
#include <map>
#include <random>
#include <utility>

namespace dtmd::testing {

/// A Loop on virtual time: nothing happens until the test says so, and waiting costs nothing.
class VirtualLoop final : public Loop {
public:
    Time now() const override { return now_; }
    std::chrono::microseconds steady() const override { return now_.time_since_epoch(); }
    void post(Task task) override { tasks_.emplace(std::pair{now_, ++serial_}, std::move(task)); }
    void after(Millis delay, Task task) override {
        tasks_.emplace(std::pair{now_ + std::max(delay, Millis{0}), ++serial_}, std::move(task));
    }

    /// A crash: whatever was going to happen does not.
    void forget_all() { tasks_.clear(); }

    /// Runs the next task if it is due by `limit`, moving time up to it.
    bool step(Time limit) {
        if (tasks_.empty() || tasks_.begin()->first.first > limit) return false;
        now_ = std::max(now_, tasks_.begin()->first.first);
        Task task = std::move(tasks_.begin()->second);
        tasks_.erase(tasks_.begin());
        task();
        return true;
    }

    /// Runs everything that is due within `span` from now; afterwards that much time has passed.
    void run_for(Millis span) {
        const Time end = now_ + span;
        while (step(end)) {
        }
        now_ = end;
    }

    /// Runs until `done()` or until `span` has passed; whether it was done.
    template <class Done>
    bool run_until(Done done, Millis span) {
        const Time end = now_ + span;
        while (!done()) {
            if (!step(end)) return done();
        }
        return true;
    }

private:
    Time now_{Millis{1'800'000'000'000}};
    std::uint64_t serial_ = 0;
    std::map<std::pair<Time, std::uint64_t>, Task> tasks_;
};

class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : generator_(seed) {}
    std::uint64_t bits() override { return generator_(); }

private:
    std::mt19937_64 generator_;
};

}  // namespace dtmd::testing
