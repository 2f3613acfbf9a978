#pragma once

#include <cstdint>

// A port that is free when a test looks may be another test's when the server it is for starts: tests run side by side,
// and a server that is killed and started again leaves its port for a while. So each port a test is given is marked as
// its own until its process ends, by an abstract Unix socket "dtmd-test-port-<number>": the kernel lets no two have the
// same name and forgets it at a crash, too. Python's tests do the same (ports.py).
namespace dtmd::ports {

/// A port of 127.0.0.1 that nobody listens on and that no other test gets while this process lives. It is below 32768,
/// where what the kernel gives to outgoing connections begins.
std::uint16_t reserve();

/// The same, with the port that many above it reserved as well: a Redis Cluster's bus listens 10,000 above.
std::uint16_t reserve_pair(std::uint16_t above);

}  // namespace dtmd::ports
