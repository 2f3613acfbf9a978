#pragma once

#include "txn/transaction.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// What must happen next (`decide`) and what follows from what did happen (`apply`). All of dtmd's rules about
// transactions are behind these two functions; the engine doesn't know what a saga is.
namespace dtmd::txn {

/// The server-wide values behind options that were not given (protocol.md 6.1, 6.5).
struct Policy {
    std::int64_t timeout_to_fail = 35;  ///< s
    std::int64_t retry_interval = 10;   ///< s
    Millis max_retry_interval{3'600'000};
    bool submit_without_check_back = true;  ///< Compat.EmptyQueryPrepared: a timed-out message without query_prepared.
};

/// A participant's answer in the protocol's terms (protocol.md 5.3). Only success and failure are definite.
enum class Answer : std::uint8_t { success, failure, ongoing, unknown };

/// What the driving node knows of one call beyond what is stored. Lost at a restart without harm.
struct Attempt {
    bool open = false;           ///< A call is under way. There is never a second one beside it.
    Time retry_at;               ///< Not before this moment.
    std::uint32_t failures = 0;  ///< Consecutive answers that were unknown; drives the back-off.
    Time planned;                ///< retry_at as the back-off set it. Any other value there is somebody's order.
    bool soon = false;  ///< The retry belongs to the same look (retry_limit): a waiting client goes on waiting.

    bool operator==(const Attempt&) const = default;
};

struct Live {
    std::vector<Attempt> branches;       ///< Parallel to Transaction::branches; grown by decide's caller.
    Attempt check;                       ///< Message check-back, workflow callback.
    std::optional<Answer> check_answer;  ///< A definite answer to a message's check-back.
    bool retry_limit_exceeded = false;
    bool may_have_run_ahead = false;  ///< Successes may be missing from the record (may_be_lazy): all may have run.
    std::optional<Status> turning;    ///< A turn is being written: results of the old direction no longer count.
};

/// A change of the global status. Must be durable before anything that follows from it is done.
struct Turn {
    Status to;
    std::string reason;  ///< rollback_reason; empty: leave it as it is.
    bool operator==(const Turn&) const = default;
};

/// With a turn there are no calls. With neither turn, calls nor wake, something open must answer first, its client
/// has to submit it, or it has ended.
struct Decision {
    std::optional<Turn> turn;
    std::vector<std::size_t> calls;  ///< Rows of Transaction::branches to be called now.
    bool check_back = false;         ///< query_prepared is to be called now.
    std::optional<Time> wake;        ///< When nothing else happens, look again at this moment.
};

/// A Live for a transaction that was just stored or read: back-off goes on where the stored interval says it was.
Live make_live(const Transaction& transaction, const Policy& policy);

/// What must happen next.
/// @pre live.branches.size() == transaction.branches.size()
Decision decide(const Transaction& transaction, const Live& live, Time now, const Policy& policy);

/// Row `row` was answered. `error` is the participant's text for anything but success.
/// @param jitter  in [0, 1), for the back-off.
/// @return true if the branch's stored status changed, so that it has to be written.
bool apply_answer(Transaction& transaction, Live& live, std::size_t row, Answer answer, std::string error, Time now,
                  const Policy& policy, double jitter);

/// Row `row` could not be called at all (its host's circuit breaker is open). Backs off without using up retry_limit.
void apply_blocked(Transaction& transaction, Live& live, std::size_t row, std::string why, Time now,
                   const Policy& policy, double jitter);

/// The check-back (message) or callback (workflow) was answered.
void apply_check_answer(Transaction& transaction, Live& live, Answer answer, Time now, const Policy& policy,
                        double jitter);

/// A turn was made durable. Branch back-off starts afresh: the calls of the new direction have not failed yet.
void apply_turn(Transaction& transaction, Live& live, const Turn& turn, Time now);

/// The interval a retry starts from, in seconds (protocol.md 6.1).
std::int64_t base_interval(const Transaction& transaction, const Policy& policy);

/// When a transaction nobody drives needs its first look: what next_cron_time is set to when it is stored.
Time first_look(const Transaction& transaction, Time now, const Policy& policy);

/// Whether the record of this branch's success may be written later, together with the next write, when
/// UpdateBranchSync is 0: if it is lost the branch is called again and its barrier absorbs the repeat. Never for
/// ways back, or where the saga may turn back without that repeat having been answered (a time-out, a retry limit)
/// or what has run is not a prefix of its steps (concurrent branches, declared orders). A saga that was taken over
/// and turns back all the same undoes all its steps, since a repeat may be refused (Live::may_have_run_ahead).
bool may_be_lazy(const Transaction& transaction, std::size_t row);

}  // namespace dtmd::txn
