#include "net/asio_loop.h"

#include "observe/log.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>

namespace dtmd::net {

AsioLoop::AsioLoop(const WallClock* clock) : clock_(clock ? *clock : own_clock_), context_(1) {}
AsioLoop::~AsioLoop() = default;

Time AsioLoop::now() const { return clock_.now(); }

std::chrono::microseconds AsioLoop::steady() const { return WallClock::steady(); }

void AsioLoop::post(Task task) { boost::asio::post(context_, std::move(task)); }

void AsioLoop::after(Millis delay, Task task) {
    if (delay.count() <= 0) return post(std::move(task));
    auto timer = std::make_unique<boost::asio::steady_timer>(context_, delay);
    auto& waiting = *timer;
    waiting.async_wait(
        [timer = std::move(timer), task = std::move(task)](const boost::system::error_code& error) mutable {
            if (!error) task();
        });
}

void AsioLoop::run() {
    const auto work = boost::asio::make_work_guard(context_);
    while (!context_.stopped()) {
        try {
            context_.run();
        } catch (const std::exception& failed) {
            log::error("loop.task_failed", {{"reason", failed.what()}});
        } catch (...) {
            log::error("loop.task_failed", {{"reason", "an exception of unknown type"}});
        }
    }
}

void AsioLoop::stop() { context_.stop(); }

}  // namespace dtmd::net
