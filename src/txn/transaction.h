#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What a global transaction is. Everything in this room is plain data and pure functions: no I/O, clock or thread.
namespace dtmd::txn {

using Millis = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Millis>;  ///< Wall clock; the default value means "not set".

/// The five kinds of global transaction. Wire names: saga, tcc, xa, msg, workflow.
enum class Mode : std::uint8_t { saga, tcc, xa, message, workflow };

/// protocol.md 5.1. Only succeed and failed are final.
///   prepared   known, not decided yet (tcc, xa, message, workflow)
///   submitted  goes forward; durable before the first action, confirm or commit goes out
///   aborting   goes back; durable before the first compensation, cancel or rollback goes out
enum class Status : std::uint8_t { prepared, submitted, aborting, succeed, failed };

enum class BranchStatus : std::uint8_t { prepared, succeed, failed };

constexpr bool is_final(Status status) { return status == Status::succeed || status == Status::failed; }

std::string_view name(Mode mode);
std::string_view name(Status status);
std::string_view name(BranchStatus status);

/// Parse a wire name; false if it is none of ours (then `out` is untouched).
bool parse(std::string_view text, Mode& out);
bool parse(std::string_view text, Status& out);
bool parse(std::string_view text, BranchStatus& out);

/// The op names of protocol.md 5.1. A workflow check-back's op is the workflow's own name, so ops are strings.
namespace op {
inline constexpr std::string_view action = "action", compensate = "compensate", confirm = "confirm", cancel = "cancel",
                                  commit = "commit", rollback = "rollback", msg = "msg";
}

/// One call that has to be made (a row of dtm's trans_branch_op): one op of one branch.
struct Branch {
    std::string branch_id;  ///< "01", "02", "01-02" (topic subscriber), "0201" (nested tcc).
    std::string op;
    std::string url;   ///< Empty: success without a call.
    std::string body;  ///< Sent as it came. dtm's bin_data.
    BranchStatus status = BranchStatus::prepared;
    Time create_time, update_time, finish_time;

    // What we know beyond dtm: evidence for operators, and input of back-off after a restart.
    std::uint32_t attempts = 0;  ///< Calls made so far.
    std::string last_error;      ///< Text of the last answer that was not a success, bounded (max_error_text).
    Time first_call, last_call;

    bool operator==(const Branch&) const = default;
};

inline constexpr std::size_t max_error_text = 1000;  ///< Fits dtm's varchar(1024) columns with room for a suffix.

/// What a client may say about how its transaction is run (protocol.md 4.1, TransOptions). 0 means "not given".
/// All durations are whole seconds on the wire.
struct Options {
    bool wait_result = false;
    std::int64_t timeout_to_fail = 0;  ///< s
    std::int64_t request_timeout = 0;  ///< s
    std::int64_t retry_interval = 0;   ///< s
    std::vector<std::pair<std::string, std::string>> branch_headers;
    bool concurrent = false;  ///< Messages only; a saga says it in custom_data.
    std::int64_t retry_limit = 0;

    bool operator==(const Options&) const = default;
};

/// One step as the client gave it, kept for showing it again.
struct Step {
    std::vector<std::pair<std::string, std::string>> members;  ///< "action" -> url, "compensate" -> url, ...
    bool operator==(const Step&) const = default;
    std::string_view get(std::string_view key) const;
};

struct Transaction {
    std::string gid;
    Mode mode = Mode::saga;
    Status status = Status::prepared;
    std::string protocol = "http";  ///< http, grpc, json-rpc
    std::vector<Step> steps;        ///< As given; the branches are made from them once.
    std::vector<std::string> payloads;
    std::string query_prepared;  ///< Message check-back or workflow callback.
    std::string custom_data;     ///< JSON; protocol.md 4.2.
    Options options;

    std::string result;  ///< Workflow result, base64 as the client gave it.
    std::string rollback_reason;
    Time create_time, update_time, finish_time, rollback_time;
    std::int64_t next_cron_interval = 0;  ///< s; the current retry interval, shown to operators.
    Time next_cron_time;                  ///< The lease: who drives this transaction has pushed it into the future.
    std::string owner;
    std::string ext_data;

    std::int64_t retry_count = 0;  ///< Used up of options.retry_limit; shared by all branches (protocol.md 5.4).
    Time not_before;               ///< A delayed message's first call.

    std::vector<Branch> branches;

    /// Read from custom_data once (parse_custom_data): what the rules need of it.
    bool saga_concurrent = false;
    std::vector<std::vector<std::uint32_t>> orders;  ///< orders[k]: steps that must have succeeded before step k.
    std::string workflow_name, workflow_data;        ///< Decoded.

    bool operator==(const Transaction&) const = default;
};

}  // namespace dtmd::txn
