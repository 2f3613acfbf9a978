#pragma once

#include "net/asio_loop.h"
#include "participant/resolver/etcd_client.h"
#include "participant/resolver/layout.h"

#include <memory>
#include <string>
#include <vector>

namespace dtmd::app {

/// One entry that this node has in a registry, so that clients find it.
struct RegistryPlace {
    participant::EtcdOptions etcd;
    participant::Layout layout = participant::Layout::plain;
    std::string service;             ///< The name clients look for.
    participant::Instance instance;  ///< Where they find us; its scheme is given.
};

/// Makes this node known in etcd, under a lease that is kept alive: the entries vanish by themselves within
/// `registry_ttl` if this process dies. If etcd can't be reached, or has lost the entries, it is tried again for ever.
///
/// Destroy it on its loop, or when that no longer runs.
class Registration {
public:
    /// `id` is unique to this node.
    Registration(net::AsioLoop& loop, std::vector<RegistryPlace> places, std::string id);
    ~Registration();
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

    /// On the loop. Only once this node answers at those places.
    void start();

    /// Takes the entries back; `done` runs when that is so, or has not worked within `limit`. On the loop; once.
    void withdraw(Millis limit, Task done);

private:
    struct State;
    std::shared_ptr<State> state_;
};

inline constexpr std::chrono::seconds registry_ttl{10};

}  // namespace dtmd::app
