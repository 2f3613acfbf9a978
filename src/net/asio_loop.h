#pragma once

#include "base/loop.h"

#include <boost/asio/io_context.hpp>

#include <memory>

namespace dtmd::net {

/// A Loop on an io_context that exactly one thread runs (concurrency hint 1: no strands, no locks).
class AsioLoop final : public Loop {
public:
    AsioLoop();
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
    boost::asio::io_context context_;
};

}  // namespace dtmd::net
