#pragma once

#include "txn/transaction.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// From what a client sends to the rows that have to be called: numbering, ops, and every check that needs no I/O.
namespace dtmd::txn {

inline constexpr std::string_view topic_prefix = "topic://";

/// The subscribers of a topic; empty optional if there is no such topic.
using TopicLookup = std::function<std::optional<std::vector<std::string>>(std::string_view topic)>;

/// What is wrong with a request, for people. Empty: nothing.
using Complaint = std::string;

/// Fills `branches` from steps and payloads (protocol.md 4.3, 5.1), checking counts and URLs.
/// A message's topic becomes one branch per subscriber; an unknown one gives the complaint `topic not found`.
[[nodiscard]] Complaint make_branches(Transaction& transaction, const TopicLookup& topics);

/// Reads custom_data into the fields that the rules use, checking orders for range and cycles.
/// Also called on records read from a store, which another program may have written without our checks: a saga
/// whose orders make no sense is left sequential and without orders.
[[nodiscard]] Complaint parse_custom_data(Transaction& transaction);

/// Checks gid-independent values: negative or absurd times, retry_limit, protocol, query_prepared's URL.
[[nodiscard]] Complaint check_options(const Transaction& transaction);

/// A registration (protocol.md 1.8), as given.
struct Registration {
    std::string gid, branch_id, data;
    Mode mode = Mode::tcc;
    std::string confirm, cancel;  ///< tcc
    std::string url;              ///< xa
    std::string op, status;       ///< workflow
};

/// Appends the rows a registration creates, in their order; a complaint, and nothing appended, if it can't be.
[[nodiscard]] Complaint make_rows(const Registration& registration, Time now, std::vector<Branch>& rows);

/// Why dtmd can't call `url`, or empty. For protocol http it must be http or https with a host. A grpc or json-rpc
/// transaction may have gRPC addresses too; these and registry schemes are checked by their callers.
[[nodiscard]] Complaint why_bad_url(std::string_view url, std::string_view protocol);

}  // namespace dtmd::txn
