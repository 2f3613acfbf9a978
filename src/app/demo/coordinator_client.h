#pragma once

#include "app/demo/client.h"
#include "app/demo/narrator.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace dtmd::app {

/// One branch call as the coordinator remembers it.
struct TimelineEntry {
    std::string branch_id, op, status, attempts, last_error;
};

/// How a transaction stands.
struct Progress {
    std::string status;
    std::string reason;  ///< Why it turned back, if it did.
    std::vector<TimelineEntry> timeline;

    bool has_ended() const { return status == "succeed" || status == "failed"; }
};

/// What GET /api/transaction answered. Errors: `invalid` if it is not an answer of that kind.
Result<Progress> parse_progress(const std::string& body);

/// The demo's side of the coordinator's HTTP interface. While the coordinator is away (killed, restarted, its store
/// busy) every request is repeated, up to `patience`: all of them are idempotent by gid.
class CoordinatorClient {
public:
    CoordinatorClient(ServerAddress server, Narrator& narrator, Millis patience = Millis(60'000));

    /// One try, no patience: is anybody there?
    Result<void> greet();

    Result<std::string> new_gid();

    /// POST /api/dtmsvr/<action>. A gid that already is where the request would bring it counts as success, since
    /// the answer to an earlier try may have been lost.
    /// Errors: `conflict` with the coordinator's text if it refuses; `invalid` for any other definite answer.
    Result<void> post(const std::string& action, const nlohmann::json& body);

    Result<Progress> look(const std::string& gid);

    /// Polls until the transaction has ended. Errors: `unavailable` if it has not within the patience.
    Result<Progress> wait_for_end(const std::string& gid);

private:
    Result<ClientAnswer> ask(const std::string& method, const std::string& target, const std::string& body);

    ServerAddress server_;
    Narrator& narrator_;
    Millis patience_;
};

}  // namespace dtmd::app
