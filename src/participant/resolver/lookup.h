#pragma once

#include "base/result.h"
#include "participant/resolver/directory.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <memory>
#include <string>

namespace dtmd::participant {

/// One way of finding the instances of one service. Used by one coroutine, on one loop.
class Lookup {
public:
    virtual ~Lookup() = default;

    /// What the registry says now; no instances is an answer. Errors: it can't be asked (`unavailable`), or the
    /// address makes no sense (`invalid`).
    virtual boost::asio::awaitable<Result<Instances>> read() = 0;

    /// After a read that worked: returns when it is time for the next.
    virtual boost::asio::awaitable<void> wait() = 0;
};

/// @param blocking  for what can only be asked by blocking. It must outlive the lookup's coroutines.
std::unique_ptr<Lookup> make_lookup(net::AsioLoop& loop, boost::asio::thread_pool& blocking, const ServiceName& name,
                                    const DirectoryOptions& options);

/// SRV records of `name`, by DNS: from `server` ("host:port", a numeric address), or the system's if empty. Blocks for
/// some seconds at the most. A name that doesn't exist has no instances.
Result<Instances> query_srv(const std::string& name, const std::string& server);

}  // namespace dtmd::participant
