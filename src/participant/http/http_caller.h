#pragma once

#include "net/asio_loop.h"
#include "participant/http/connection_pool.h"
#include "participant/http/http_participant.h"
#include "participant/http/http_request.h"
#include "participant/http/name_cache.h"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace dtmd::participant {

/// The calls of one HttpParticipant. Owners: the participant, and every call under way, since its coroutine may only
/// be destroyed together with its io_context.
class HttpCaller : public std::enable_shared_from_this<HttpCaller> {
public:
    using Done = absl::AnyInvocable<void(Reply)>;

    /// Throws std::runtime_error if options.ca_file can't be used.
    HttpCaller(net::AsioLoop& loop, HttpParticipantOptions options);

    void start(Call call, Done done);

    /// Closes all connections; calls under way end without a word.
    void close();

private:
    using Clock = std::chrono::steady_clock;
    struct OpenCall;

    static boost::asio::awaitable<void> run(std::shared_ptr<HttpCaller> self, std::shared_ptr<OpenCall> open);
    boost::asio::awaitable<Reply> perform(std::shared_ptr<OpenCall> open);
    boost::asio::awaitable<Result<std::unique_ptr<HttpConnection>>> connect(std::shared_ptr<OpenCall> open);
    void finish(OpenCall& open, Reply reply);
    void give_up(OpenCall& open, Clock::time_point now);
    void sweep_every(Millis interval);
    void sweep();

    net::AsioLoop& loop_;
    HttpParticipantOptions options_;
    boost::asio::ssl::context tls_;
    boost::asio::steady_timer sweeper_;
    std::shared_ptr<NameCache> names_;
    ConnectionPool pool_;
    std::vector<std::shared_ptr<OpenCall>> open_;
    Clock::time_point next_pool_sweep_;
    Millis sweeping_every_{0};  ///< 0: the timer is not set.
    bool closed_ = false;
};

}  // namespace dtmd::participant
