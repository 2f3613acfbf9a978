#pragma once

#include "store/mysql/mysql_backend.h"
#include "store/mysql/reply.h"
#include "store/sql/limits.h"

#include <memory>
#include <string>
#include <string_view>

namespace dtmd::store::mysql {

/// What a failed statement means for whoever sent it.
enum class Fault {
    lost,         ///< The connection broke: what was sent may have been done.
    rolled_back,  ///< Deadlock, failed certification: not done, and it may be tried again at once.
    locked,       ///< Another client kept a row locked for too long: not done.
    demoted,      ///< This server takes no changes (any more): not done, try another host.
    duplicate,    ///< A unique key is taken: not done.
    mistaken,     ///< What was foretold is not so: not done.
    refused,      ///< Anything else the server said no to: not done.
};

struct Failure {
    Fault fault = Fault::refused;
    unsigned code = 0;         ///< MySQL's number.
    std::string what;          ///< One sentence: server, what it said, what to do.
    bool had_sent_all = true;  ///< All statements had been sent, so the last of them may have been done as well.
};

using Statements = std::vector<std::string>;

/// What a statement or a connection came to.
template <class T>
using Attempt = boost::system::result<T, Failure>;

[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location&);

/// What is known of a server since we connected to it.
struct ServerFacts {
    sql::ServerReport report;
    sql::Limits limits;            ///< What its columns hold.
    std::size_t packet_bytes = 0;  ///< The longest packet it takes.
    bool is_galera = false;
    bool skips_locked = false;  ///< It knows FOR UPDATE SKIP LOCKED.
    bool has_due_index = true;  ///< The index (status, next_cron_time) is there.

    /// Rows of one INSERT get consecutive keys: documented for InnoDB, and then proven by the first rows we write.
    enum class Counting { unusual, expected, proven } counting = Counting::unusual;
};

/// One live connection, with the settings we rely on: strict mode, READ COMMITTED, UTF-8, UTC.
///
/// Threads: one at a time.
class Session {
public:
    /// Connects to one host, or says why not. No database is chosen yet.
    static Attempt<std::unique_ptr<Session>> connect(const MySqlOptions& options, const sql::Endpoint& host);

    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Sends statements separated by ";" in one packet, and waits for the answers to all of them. After the first one
    /// that fails the server does no more, and neither the rest nor a COMMIT among them has happened.
    Attempt<Replies> run(std::string_view statements);

    /// The same for the statements of a database transaction, in as few packets as the server takes.
    ///
    /// Galera takes them one by one: when a change of another node wins over a transaction of ours between two
    /// statements of one packet, MariaDB rolls ours back without a word, and its COMMIT seems to succeed.
    Attempt<Replies> run(const Statements& statements);

    /// Chooses the database; false if there is none of that name.
    Attempt<bool> use(const std::string& database);

    /// The server has closed this connection while it was idle.
    bool is_stale() const;

    /// `bytes` with what would end or change a quoted string made harmless, whatever the session's SQL mode.
    void append_escaped(std::string& out, std::string_view bytes) const;

    const std::string& server() const { return server_; }
    ServerFacts facts{};

private:
    explicit Session(std::string server);
    void set_options(const MySqlOptions& options);
    Failure failure() const;

    std::string server_;
    std::unique_ptr<MYSQL, void (*)(MYSQL*)> connection_;
};

}  // namespace dtmd::store::mysql
