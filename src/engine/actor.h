#pragma once

#include "engine/engine.h"
#include "txn/decide.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dtmd::engine {

/// A client to be told, on its own loop.
struct Waiter {
    Loop* home = nullptr;
    Reply reply;
};

/// Something a client wants of a transaction that exists, or may exist. Carried out when the actor is ready for it.
struct Command {
    enum class Kind : std::uint8_t { submit, abort, force_stop };
    Kind kind = Kind::submit;
    txn::Transaction request;     ///< submit
    std::string trans_type;       ///< abort, as the client gave it
    std::string rollback_reason;  ///< abort
    Waiter who;
};

/// One transaction in memory. Belongs to one shard, which is the only one to touch it.
///
/// Owners: the shard's table while it is resident, and every callback that is under way for it; `gone` tells such
/// a callback that the shard has let go of it.
struct Actor {
    enum class Phase : std::uint8_t {
        inserting,  ///< Its record is being written for the first time.
        claiming,   ///< Its turn from prepared is being written without having read it (tcc, xa).
        loading,    ///< Its record is being read.
        ready,
    };

    txn::Transaction transaction;
    txn::Live live;
    Phase phase = Phase::ready;
    bool driving = false;  ///< This node makes its calls. False: it is here for a command only.
    bool writing = false;  ///< A write is under way; there is never a second one.
    bool sleeping = false;
    bool gone = false;
    bool from_the_start = false;  ///< This node has inserted it, so it knows what was ever called, written or not.
    bool outdated = false;        ///< Another node may have driven it: it is read again before anything is decided.
    bool call_now = false;        ///< An operator wants a call now: a workflow's callback does not wait for quiet.
    std::set<std::uint32_t> dirty_rows;  ///< Rows that differ from the store.
    bool results_pending = false;        ///< One of them holds a result that must be durable before the next call.
    std::uint32_t open_calls = 0;
    Time alarm;                      ///< When it wants to be looked at although nothing has happened; no_time: never.
    std::uint64_t alarm_serial = 0;  ///< Tells the current alarm from earlier ones.
    Time lease_until;                ///< What the store has as next_cron_time, as far as is known here.
    Time own_lease;                  ///< The last one that this node has put there; sent_lease: that it may have put.
    std::optional<std::string> own_owner;  ///< The stored owner it was put there with; unset: not known.
    Time sent_lease;
    std::uint32_t refusals = 0;  ///< Writes in a row that the store refused because of what it has.
    Time sent_at;                ///< The update_time that went with sent_lease.

    std::deque<Command> commands;
    std::vector<Waiter> waiters;  ///< Told at the end, or when nothing can go on without waiting.

    /// The first answer in this look that was not definite, for the waiters.
    struct Trouble {
        txn::Answer answer;
        std::string text;
    };
    std::optional<Trouble> trouble;

    /// This node has put a lease there, under the owner that it has read.
    void was_leased(Time until) {
        lease_until = own_lease = until;
        own_owner = transaction.owner;
    }
};

using ActorPtr = std::shared_ptr<Actor>;

}  // namespace dtmd::engine
