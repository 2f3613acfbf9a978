#pragma once

#include "store/redis/reply.h"
#include "store/redis/shared.h"

#include <span>
#include <string>
#include <vector>

namespace dtmd::store::redis {

/// `unavailable`: the server certainly did not do it. `unknown`: it may have. What it refused is a Reply.
using Answer = Result<Reply>;

/// One connection to one server. Commands go out together, their answers come back in order.
///
/// Threads: one at a time.
class Connection {
public:
    /// Connects and logs in as `user`. Errors: `unavailable`.
    static Result<std::unique_ptr<Connection>> open(const Address& address, const Shared& shared,
                                                    const std::string& user, const std::string& password);

    /// Sends all of `commands`. What goes wrong is told by receive().
    void send(std::span<const std::string> commands);

    /// One answer to each command sent, waiting `extra` longer than usual.
    std::vector<Answer> receive(std::chrono::milliseconds extra = {});

    std::vector<Answer> ask(std::span<const std::string> commands);
    Answer ask(const std::string& command) { return ask(std::span(&command, 1)).front(); }

    /// It can take another command.
    bool is_usable() const { return !failure_ && socket_->is_quiet(); }

    const Address& address() const { return address_; }

private:
    Connection(Address address, std::unique_ptr<Socket> socket)
        : address_(std::move(address)), socket_(std::move(socket)) {}

    Result<Reply> read_reply(std::chrono::milliseconds extra);

    const Address address_;
    const std::unique_ptr<Socket> socket_;
    ReplyReader reader_;
    std::vector<bool> was_sent_;  ///< Whether each command that waits for its answer went out whole.
    std::optional<Error> failure_;
    std::string output_;
};

/// Prepares a fresh connection for our work: chooses the database, checks that the server is a primary and what it
/// keeps, and loads the scripts. Errors: `unavailable`.
Result<void> prepare(Connection& connection, Shared& shared);

Result<void> load_scripts(Connection& connection);

}  // namespace dtmd::store::redis
