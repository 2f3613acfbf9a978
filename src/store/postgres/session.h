#pragma once

#include "store/postgres/failure.h"
#include "store/postgres/parameters.h"
#include "store/postgres/postgres_backend.h"
#include "store/postgres/reply.h"
#include "store/sql/limits.h"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace dtmd::store::postgres {

/// What is known of a server since we connected to it.
struct ServerFacts {
    sql::ServerReport report;
    sql::Limits limits;  ///< What its columns hold.
};

/// One live connection in pipeline mode, with the settings we rely on: READ COMMITTED, UTF-8, limits for waiting.
///
/// Threads: one at a time.
class Session {
public:
    /// Connects to one host, or says why not.
    static Attempt<std::unique_ptr<Session>> connect(const PostgresOptions& options, const sql::Endpoint& host,
                                                     const std::string& database);

    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Sends all statements at once and waits for the answers to all of them. After the first one that fails the server
    /// does no more, and neither the rest nor a COMMIT among them has happened.
    Attempt<Replies> run(std::span<const Query> queries);
    Attempt<Reply> run(Query query);

    /// The server has closed this connection while it was idle.
    bool is_stale() const;

    const std::string& server() const { return server_; }
    ServerFacts facts{};

private:
    /// What was sent and has to be answered, in order.
    struct Sent {
        std::string prepares;  ///< The text of the statement, if this only made it known to the server.
    };

    Session(std::string server, std::chrono::seconds timeout);
    Attempt<void> open(const PostgresOptions& options, const sql::Endpoint& host, const std::string& database);
    Attempt<void> settle(const PostgresOptions& options);
    bool send(const Query& query, std::vector<Sent>& sent);
    Attempt<Replies> receive(std::vector<Sent> sent, std::size_t count);
    Attempt<PGresult*> next();
    Attempt<void> wait(int wanted, std::chrono::milliseconds limit);
    Failure lost() const;
    Failure failure(const PGresult* result) const;
    static void notice(void* session, const PGresult* result);

    const std::string server_;
    const std::chrono::seconds timeout_;
    std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
    std::unordered_map<std::string, std::string> prepared_;  ///< Text -> name.
    std::size_t names_ = 0;
    bool is_unreplicated_ = false;  ///< A commit came back before its synchronous replica had it.
};

}  // namespace dtmd::store::postgres
