#pragma once

#include "base/loop.h"
#include "txn/decide.h"
#include "txn/service_url.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The services that take part in a transaction, as the engine sees them.
namespace dtmd::participant {

/// One call of one branch op (or check-back, or workflow callback).
struct Call {
    std::string url;            ///< Never empty.
    std::string_view protocol;  ///< http, grpc, json-rpc: must outlive the call's start only.
    std::string gid, branch_id, op;
    std::string_view trans_type;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  ///< branch_headers; the last word on each name.
    Millis timeout{3000};
    bool plain = false;  ///< Not a branch: the URL is called as it is, without the branch's query parameters.
};

struct Reply {
    txn::Answer answer = txn::Answer::unknown;
    std::string text;  ///< For anything but success: the text of protocol.md 5.3, for people and for waiting clients.
    bool reached = true;  ///< The host itself answered sensibly: false for transport errors, time-outs, 502, 503, 504.
    int code = 0;         ///< HTTP status or gRPC code; 0 if there was none.
    std::chrono::microseconds took{0};
};

/// Makes calls. One instance per shard, used on that shard's loop only.
class Participant {
public:
    virtual ~Participant() = default;

    /// Makes the call; `done` runs exactly once, on this shard's loop, never inside call() itself, at the latest
    /// shortly after `timeout`. When it runs, nothing of the call is open any more.
    virtual void call(Call call, absl::AnyInvocable<void(Reply)> done) = 0;
};

/// The part of a URL that stands for one destination ("http://host:port", "etcd://registry/service"), for limits and
/// the circuit breaker.
inline std::string_view host_of(std::string_view url) {
    if (const auto service = txn::split_service_url(url); service) return service->name;
    const auto scheme = url.find("://");
    const auto start = scheme == std::string_view::npos ? 0 : scheme + 3;
    return url.substr(0, std::min(url.find_first_of("/?#", start), url.size()));
}

}  // namespace dtmd::participant
