#pragma once

#include "net/asio_loop.h"
#include "participant/participant.h"

#include <cstddef>
#include <memory>
#include <string>

namespace dtmd::participant {

struct HttpParticipantOptions {
    bool verify_tls = true;
    std::string ca_file;                  ///< PEM; empty: the system's.
    std::size_t max_response = 1 << 20;   ///< Bytes of body; more: unknown, connection closed.
    std::size_t max_idle_per_host = 128;  ///< Kept-alive connections waiting for their next call.
    Millis idle_timeout{60'000};          ///< After which a waiting one is closed.
    Millis connect_timeout{3'000};        ///< Within the call's own time-out.
    bool docker = false;                  ///< dtm's IS_DOCKER: localhost in URLs means host.docker.internal.
};

/// Calls branches over HTTP/1.1 and HTTPS as protocol.md 5.2 says, interprets answers as 5.3 says.
///
/// Keep-alive connections are pooled per destination. A pooled connection that turns out to have been closed by the
/// peer before a single byte of the answer came is retried once on a fresh one. Redirects are not followed.
/// Protocol json-rpc with `method` in the URL becomes a JSON-RPC call.
///
/// Destroy it on its loop, or when that no longer runs. Calls under way are dropped, and their `done` does not run.
/// Throws std::runtime_error with a clear message if options.ca_file can't be used.
std::unique_ptr<Participant> make_http_participant(net::AsioLoop& loop, HttpParticipantOptions options);

/// protocol.md 5.3 for an HTTP answer: 425 or ONGOING in the body, then 409 or FAILURE, then anything but 200.
Reply interpret_http(int status, std::string body);

}  // namespace dtmd::participant
