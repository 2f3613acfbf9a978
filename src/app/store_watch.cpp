#include "app/store_watch.h"

#include "observe/log.h"

#include <utility>

namespace dtmd::app {
namespace {

constexpr Millis when_well{3'000}, when_down{1'000};
constexpr Millis say_again{5'000};
constexpr Millis worth_a_warning{1'000};            // Whole seconds is what shared stores keep times in.
constexpr std::chrono::microseconds slow{200'000};  // An answer that took longer says too little about the clock.
constexpr int most_attempts = 3;                    // Then a slow answer will do, or our own clock, if there is none.

}  // namespace

struct StoreWatch::State : std::enable_shared_from_this<StoreWatch::State> {
    State(Loop& loop_, store::Store& store_, WallClock& clock_, observe::StoreHealthMetrics& metrics_,
          std::string name_)
        : loop(loop_), store(store_), clock(clock_), metrics(metrics_), name(std::move(name_)) {}

    Loop& loop;
    store::Store& store;
    WallClock& clock;
    observe::StoreHealthMetrics& metrics;
    const std::string name;
    bool is_down = false, has_warned_of_clock = false;
    std::chrono::microseconds down_since{}, said_at{};
    Task known;  ///< Null once it has run.
    int attempts = 0;

    void look() {
        store.ping(loop, [self = shared_from_this()](Result<void> answer) {
            if (answer) {
                self->is_up();
                return self->ask_clock();
            }
            self->is_gone(answer.error().what);
            self->look_again(when_down);
        });
    }

    void look_again(Millis pause) {
        loop.after(pause, [self = shared_from_this()] { self->look(); });
    }

    std::int64_t down_seconds() const {
        return std::chrono::duration_cast<std::chrono::seconds>(loop.steady() - down_since).count();
    }

    void is_up() {
        metrics.store_up(true);
        if (!std::exchange(is_down, false)) return;
        log::info("store.reachable", {{"store", name}, {"after_s", down_seconds()}});
    }

    void is_gone(const std::string& reason) {
        metrics.store_up(false);
        const auto now = loop.steady();
        if (!std::exchange(is_down, true)) {
            down_since = now;
        } else if (now - said_at < say_again) {
            return;
        }
        said_at = now;
        log::warn("store.unreachable", {{"store", name}, {"reason", reason}, {"for_s", down_seconds()}});
    }

    void ask_clock() {
        store.clock(loop, [self = shared_from_this(), asked = loop.steady()](Result<std::optional<Time>> answer) {
            self->take_clock(answer, asked);
            self->look_again(self->known ? when_down : when_well);
        });
    }

    void take_clock(const Result<std::optional<Time>>& answer, std::chrono::microseconds asked) {
        const auto took = loop.steady() - asked;
        const bool any_will_do = known && ++attempts >= most_attempts;
        if (answer && *answer && (took <= slow || any_will_do)) {
            clock_was(**answer, asked + took / 2);
        } else if (any_will_do) {
            log::warn("store.clock_unknown", {{"reason", answer ? "It tells none." : answer.error().what}});
            clock.follow(WallClock().now().time_since_epoch(), loop.steady());
        }
        if (known && clock.follows_another()) std::exchange(known, nullptr)();
    }

    void clock_was(Time theirs, std::chrono::microseconds then) {
        const Millis ahead = WallClock().now() - theirs;
        clock.follow(theirs.time_since_epoch(), then);
        const bool differs = std::chrono::abs(ahead) > worth_a_warning;
        if (differs && !has_warned_of_clock) log::warn("store.clock_differs", {{"ahead_ms", ahead.count()}});
        has_warned_of_clock = differs;
    }
};

StoreWatch::StoreWatch(Loop& loop, store::Store& store, WallClock& clock, observe::StoreHealthMetrics& metrics,
                       std::string name)
    : state_(std::make_shared<State>(loop, store, clock, metrics, std::move(name))) {}

StoreWatch::~StoreWatch() = default;

void StoreWatch::start(Task known) {
    state_->known = std::move(known);
    state_->look();
}

}  // namespace dtmd::app
