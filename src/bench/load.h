#pragma once

#include "bench/lane.h"
#include "bench/ledger.h"
#include "net/asio_loop.h"

#include <boost/asio/awaitable.hpp>

#include <random>
#include <string>
#include <vector>

namespace dtmd::bench {

/// The clients: `connections` of them, each with one way to the coordinator and one transaction at a time.
///
/// Closed loop: each begins its next transaction when the last one was answered. Open loop: transactions are due at a
/// fixed rate, whoever is free takes the next one, and its latency counts from when it was due, so that a coordinator
/// that stalls is not asked less (coordinated omission).
///
/// A client that is told "not now" (503) or loses its connection repeats the request, as a sound one would.
///
/// Threads: one loop's.
class Load {
public:
    Load(net::AsioLoop& loop, Ledger& ledger, const Options& options, const MakeLane& make_lane);

    void start();

    /// No new transactions; those under way go on.
    void stop() { is_over_ = true; }
    bool is_idle() const { return running_ == 0; }

private:
    boost::asio::awaitable<void> client(Lane& lane);
    boost::asio::awaitable<Micros> next_due();
    boost::asio::awaitable<bool> perform(std::size_t number, Lane& lane);
    boost::asio::awaitable<bool> ask(std::size_t which, bool is_last, bool refused, Lane& lane);
    boost::asio::awaitable<void> pause(Micros span);
    bool accept(const Answer& answer, bool is_last, bool refused);
    void note_error(std::string what);

    net::AsioLoop& loop_;
    Ledger& ledger_;
    const Options& options_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::mt19937_64 random_{20261121};
    Micros begun_at_{0};
    std::uint64_t taken_ = 0;  ///< Open loop: transactions whose turn has come.
    unsigned running_ = 0;
    bool is_over_ = false;
};

}  // namespace dtmd::bench
