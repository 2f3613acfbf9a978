#pragma once

#include "store/redis/connection.h"
#include "store/redis/sentinels.h"
#include "store/retry_pause.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dtmd::store::redis {

/// A command, and the slot of the keys it is about.
struct Command {
    std::uint16_t slot = 0;
    std::string text;
};

/// The way to whichever servers have the data: finds primaries, follows redirections and failovers, loads scripts again
/// where they were lost, and connects again by itself.
///
/// While nothing can be reached it answers at once, and tries again a little later each time.
/// Threads: one at a time.
class Link {
public:
    /// `watch` may be null: there are no sentinels.
    Link(std::shared_ptr<Shared> shared, std::shared_ptr<const SentinelWatch> watch)
        : shared_(std::move(shared)), watch_(std::move(watch)) {}

    /// Runs all commands, those for one server in one go, and answers each. What the server refused is an error here.
    std::vector<Answer> run(std::span<const Command> commands) { return run(commands, false); }

    /// Likewise for changes: what too few replicas have acknowledged in time is `unknown`.
    std::vector<Answer> change(std::span<const Command> commands) { return run(commands, true); }

    Answer run(Command one) { return run(std::span(&one, 1)).front(); }
    Answer change(Command one) { return change(std::span(&one, 1)).front(); }

    /// Whether the last run met a server that refused a change for want of memory.
    bool was_out_of_memory() const { return was_out_of_memory_; }

    /// All primaries, for what has to be asked of each, such as SCAN.
    Result<std::vector<Address>> primaries();
    Answer run_at(const Address& primary, const std::string& text);

private:
    /// A server, or (under the name "") whichever is the primary of all.
    struct Peer {
        std::unique_ptr<Connection> connection;
        std::optional<Error> failure;  ///< Of the last attempt to connect.
        RetryPause pause;
    };

    /// What one peer has to do in one round.
    struct Share {
        std::vector<std::size_t> commands;
        std::vector<std::string> texts;
        Connection* connection = nullptr;
        bool wants_scripts = false;
    };

    struct Round {
        std::span<const Command> commands;
        std::vector<Answer> answers;
        std::vector<std::size_t> pending;
        std::map<std::size_t, Address> asked;  ///< Commands that ASK sent elsewhere.
        std::optional<std::chrono::milliseconds> pause;
        bool is_change = false;
    };

    std::vector<Answer> run(std::span<const Command> commands, bool is_change);
    void run_once(Round& round);
    std::map<std::string, Share> share_out(Round& round);
    void collect(Round& round, const std::string& name, Share& share);
    bool sort_out(Round& round, std::size_t index, Reply& reply, Share& share);
    bool follow(Round& round, std::size_t index, const Reply& reply, const Share& share, bool for_good);

    Result<Connection*> connection_to(const std::string& name);
    Result<std::unique_ptr<Connection>> open(const std::string& name);
    Result<std::unique_ptr<Connection>> open_prepared(const Address& address);
    Result<std::unique_ptr<Connection>> open_single();
    Result<std::unique_ptr<Connection>> open_by_sentinel();

    Result<std::string> name_of(std::uint16_t slot);
    Result<void> learn_slots();
    bool learn_slots_from(const Reply& slots, const Address& asked);

    const std::shared_ptr<Shared> shared_;
    const std::shared_ptr<const SentinelWatch> watch_;
    bool was_out_of_memory_ = false;
    std::map<std::string, Peer> peers_;
    std::vector<std::optional<Address>> slots_;  ///< A cluster's, by slot. Empty: to be learnt.
    std::optional<Error> slots_failure_;
    RetryPause slots_pause_;
};

}  // namespace dtmd::store::redis
