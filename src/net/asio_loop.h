#pragma once

#include "base/loop.h"
#include "base/wall_clock.h"

#include <boost/asio/io_context.hpp>

#include <memory>

namespace dtmd::net {

/// A Loop on an io_context that exactly one thread runs (concurrency hint 1: no strands, no locks).
class AsioLoop final : public Loop {
public:
    /// `clock` is what now() says; null: the machine's own. It must outlive the loop.
    explicit AsioLoop(const WallClock* clock = nullptr);
    ~AsioLoop() override;

    Time now() const override;
    std::chrono::microseconds steady() const override;
    void post(Task task) override;
    void after(Millis delay, Task task) override;

    boost::asio::io_context& context() { return context_; }

    /// Serves until stop(); the calling thread becomes this loop's thread. An exception that leaves a task is logged
    /// and ends that task only.
    void run();

    /// Lets run() return soon, whatever is pending. From any thread.
    void stop();

private:
    const WallClock own_clock_;
    const WallClock& clock_;
    boost::asio::io_context context_;
};

}  // namespace dtmd::net
