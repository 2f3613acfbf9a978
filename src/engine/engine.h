#pragma once

#include "base/loop.h"
#include "base/result.h"
#include "store/store.h"
#include "txn/branches.h"
#include "txn/transaction.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The coordinator, as its surfaces (HTTP, gRPC, JSON-RPC) see it. One rule, one place: a surface parses, calls one of
// these, and answers; it decides nothing.
namespace dtmd::engine {

/// What a client is told. The message is the text of protocol.md, whatever the surface.
struct Answer {
    enum class Kind : std::uint8_t {
        success,
        failure,      ///< The text ends in FAILURE. HTTP 409, gRPC ABORTED.
        ongoing,      ///< HTTP 425, gRPC FAILED_PRECONDITION.
        invalid,      ///< The request is wrong. HTTP 400.
        error,        ///< Anything else that dtm answers with 500.
        unavailable,  ///< The store is down or we are stopping; certainly not done. HTTP 503.
        unknown,      ///< The store failed half-way; it may be done. HTTP 500; repeating is safe.
    };
    Kind kind = Kind::success;
    std::string message;
};

using Reply = absl::AnyInvocable<void(Answer)>;
template <class T>
using ReplyWith = absl::AnyInvocable<void(Answer, T)>;  ///< T is meaningful only with Kind::success.

/// A transaction as stored, or, while this node drives it, as it is now.
using Found = std::optional<txn::Transaction>;

struct Topic {
    std::string url, remark;
};

/// Every method may be called from any shard's loop; the reply runs exactly once on `home`, later.
/// Transactions passed in have their wire fields set; the engine makes the branches and fills in times.
class Engine {
public:
    virtual ~Engine() = default;

    virtual std::string new_gid(Loop& home) = 0;

    virtual void prepare(Loop& home, txn::Transaction request, Reply reply) = 0;

    /// Waits for the transaction if request.options.wait_result (protocol.md 1.4).
    virtual void submit(Loop& home, txn::Transaction request, Reply reply) = 0;

    /// `status` as the client gave it: succeed or failed (protocol.md 1.5).
    virtual void submit_workflow(Loop& home, std::string gid, std::string status, std::string rollback_reason,
                                 std::string result, Reply reply) = 0;

    /// `trans_type` as the client gave it, may be empty (protocol.md 1.6).
    virtual void abort(Loop& home, std::string gid, std::string trans_type, std::string rollback_reason,
                       Reply reply) = 0;

    virtual void register_branch(Loop& home, txn::Registration registration, Reply reply) = 0;

    /// Inserts, or finds what is there, in any status (protocol.md 1.9).
    virtual void prepare_workflow(Loop& home, txn::Transaction request, ReplyWith<Found> reply) = 0;

    virtual void force_stop(Loop& home, std::string gid, Reply reply) = 0;

    /// The next call of this transaction is due now, whatever its back-off was.
    virtual void reset_next_cron_time(Loop& home, std::string gid, Reply reply) = 0;

    /// The same for up to `limit` transactions that would sleep longer than `timeout`; (count, has_remaining).
    virtual void reset_cron_time(Loop& home, std::chrono::seconds timeout, std::size_t limit,
                                 ReplyWith<std::pair<std::size_t, bool>> reply) = 0;

    virtual void query(Loop& home, std::string gid, ReplyWith<Found> reply) = 0;
    virtual void list(Loop& home, store::Filter filter, std::string position, std::size_t limit,
                      ReplyWith<store::Page> reply) = 0;

    virtual void subscribe(Loop& home, std::string topic, std::string url, std::string remark, Reply reply) = 0;
    virtual void unsubscribe(Loop& home, std::string topic, std::string url, Reply reply) = 0;
    virtual void delete_topic(Loop& home, std::string topic, Reply reply) = 0;
    virtual void scan_kv(Loop& home, std::string category, std::string position, std::size_t limit,
                         ReplyWith<store::KeyValuePage> reply) = 0;
    /// An empty key: all of the category.
    virtual void query_kv(Loop& home, std::string category, std::string key,
                          ReplyWith<std::vector<store::KeyValue>> reply) = 0;

    /// Success, or what is wrong with the store (or that we are stopping), for /api/health.
    virtual void health(Loop& home, Reply reply) = 0;
};

}  // namespace dtmd::engine
