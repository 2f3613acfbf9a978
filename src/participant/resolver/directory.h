#pragma once

#include "net/asio_loop.h"
#include "participant/resolver/instance.h"
#include "participant/resolver/layout.h"

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dtmd::participant {

/// A service, and where to ask for its instances.
struct ServiceName {
    std::string scheme;     ///< As in a txn::ServiceUrl.
    std::string authority;  ///< The registry or the DNS server; empty: the configured one.
    std::string service;
    Layout layout = Layout::plain;  ///< In etcd.

    auto operator<=>(const ServiceName&) const = default;
};

/// What is known of a service.
struct Found {
    Instances instances;  ///< While the registry can't be asked: the last that were known.
    std::string error;    ///< Why it can't; empty: `instances` are what it says.

    bool operator==(const Found&) const = default;
};

/// Finds the instances of services and follows their changes: one look for the whole process, whoever asks.
class Directory {
public:
    using Listener = std::function<void(Found)>;
    using Token = std::uint64_t;

    virtual ~Directory() = default;

    /// `listener` runs on `home`, which must outlive this: soon for the first time, then after each change, until a
    /// little after unfollow(). From any thread.
    virtual Token follow(ServiceName name, Loop& home, Listener listener) = 0;
    virtual void unfollow(Token token) = 0;
};

struct DirectoryOptions {
    std::string etcd;                          ///< "host:port,host:port" for addresses that name no registry.
    std::string etcd_user, etcd_password;      ///< If etcd asks for them.
    std::map<std::string, std::string> lists;  ///< For static://name: comma lists of addresses.
};

/// Looks things up on `loop`. Destroy it on that loop, or when that no longer runs: no listener is called any more.
std::unique_ptr<Directory> make_directory(net::AsioLoop& loop, DirectoryOptions options);

}  // namespace dtmd::participant
