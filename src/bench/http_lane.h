#pragma once

#include "bench/lane.h"
#include "bench/script.h"
#include "net/asio_loop.h"
#include "participant/http/http_connection.h"

namespace dtmd::bench {

/// Over one connection that is kept, and made anew when it was lost.
class HttpLane final : public Lane {
public:
    /// `script` outlives it. `authority`: "HOST:PORT" of the coordinator, as it is called.
    HttpLane(net::AsioLoop& loop, const Script& script, participant::Endpoints server, std::string authority)
        : loop_(loop), script_(script), server_(std::move(server)), authority_(std::move(authority)) {}

    std::size_t begin(const std::string& gid, bool refused) override;
    boost::asio::awaitable<Answer> ask(std::size_t which) override;

private:
    std::string serialize(const Request& request) const;

    net::AsioLoop& loop_;
    const Script& script_;
    const participant::Endpoints server_;
    const std::string authority_;
    std::vector<Request> requests_;
    std::unique_ptr<participant::HttpConnection> connection_;
};

}  // namespace dtmd::bench
