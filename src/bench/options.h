#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dtmd::bench {

/// What kind of transactions the load is made of. workflow: prepared, progress of each branch, submitted, as the
/// clients of that mode do it.
enum class Kind : std::uint8_t { saga, tcc, message, xa, workflow };

std::optional<Kind> parse_kind(std::string_view text);
std::string_view name(Kind kind);

/// What the user asked for. Times are as given.
struct Options {
    std::string server;           ///< A URL; of gRPC also HOST:PORT. Empty: dtm's port of the protocol on this machine.
    std::string protocol;         ///< "http" or "grpc". Empty: what the server's URL says.
    std::string branch_protocol;  ///< That the branches are called by. Empty: the same.
    std::string participant = "127.0.0.1";  ///< The address the coordinator reaches our participant at.
    std::uint16_t participant_port = 0;     ///< 0: any free one.
    std::string mode = "saga";
    unsigned branches = 2;      ///< 1 to 50
    std::size_t payload = 40;   ///< Bytes of each branch's body.
    unsigned connections = 32;  ///< Most transactions at once.
    double rate = 0;            ///< Transactions a second (open loop); 0: as fast as they are answered (closed loop).
    double seconds = 10;
    double warm_up = 2;                    ///< Seconds before the measurement begins.
    bool watch = false;                    ///< Don't wait for results; measure until the last branch was called.
    Millis latency{0};                     ///< Each branch takes this long to answer.
    double failures = 0;                   ///< Percent of the transactions whose last branch refuses.
    double outage_at = 0, outage_for = 0;  ///< Seconds into the measurement; for: 0: none.
    int pid = 0;                           ///< The coordinator's process, to read its CPU time and memory; 0: don't.
    std::string json_file, html_file;      ///< Reports beside the one on standard output; empty: none.
    bool json = false;                     ///< The report on standard output is JSON.
};

/// With what was left empty filled in.
Options completed(Options options);

/// What is wrong with them (when they are completed), or nothing.
std::string check(const Options& options);

}  // namespace dtmd::bench
