#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// The counters of the process, in Prometheus terms. Callers count plain things; names, labels and exposition are here.
// All methods are thread-safe and cheap (no lock and no allocation for labels seen before), and label sets are small
// and bounded: what is not known beforehand is counted as "other". docs/manual/metrics.md says what each one means.
namespace dtmd::observe {

class StoreMetrics {
public:
    virtual ~StoreMetrics() = default;
    virtual void batch_written(std::size_t mutations, double seconds) = 0;
    virtual void batch_failed() = 0;
    virtual void read_done(double seconds) = 0;
    virtual void queue_length(std::size_t waiting) = 0;
};

class StoreHealthMetrics {
public:
    virtual ~StoreHealthMetrics() = default;
    virtual void store_up(bool up) = 0;            ///< The store answers.
    virtual void store_durable(bool durable) = 0;  ///< Its own settings keep what it has acknowledged.
};

class EngineMetrics {
public:
    virtual ~EngineMetrics() = default;
    /// A look at a transaction began (dtm_transaction_process_total, dtm_transaction_handled_duration).
    virtual void transaction_processed(std::string_view mode, bool ok, double seconds_since_created) = 0;
    virtual void transaction_status(std::string_view mode, std::string_view status) = 0;  ///< It entered this status.
    /// A branch answered. `result`: success, failure, ongoing, unknown.
    virtual void branch_answered(std::string_view mode, std::string_view branch_id, std::string_view op,
                                 std::string_view result, double seconds) = 0;
    virtual void retried(std::string_view mode) = 0;
    virtual void in_flight(std::int64_t change) = 0;  ///< Transactions that are being worked on: +1, -1.
    virtual void waiting(std::int64_t change) = 0;    ///< Resident transactions that wait for a retry.
    virtual void claimed(std::size_t count, double lag_seconds) = 0;  ///< Lag: how overdue the oldest one was.
    virtual void unfinished(std::uint64_t count, double oldest_age_seconds) = 0;
    virtual void breaker_open(std::int64_t change) = 0;  ///< Participant hosts whose circuit breaker is open.
    virtual void alert(bool sent) = 0;                   ///< An alert was delivered, or dropped.
};

class ApiMetrics {
public:
    virtual ~ApiMetrics() = default;
    /// dtm_server_process_total, dtm_server_response_duration. `type`: http, grpc. `api`: the route's own name
    /// (never the raw path: dtm made one series per gid, protocol.md W21).
    virtual void request_answered(std::string_view type, std::string_view api, bool ok, double seconds) = 0;
};

class Metrics : public StoreMetrics, public StoreHealthMetrics, public EngineMetrics, public ApiMetrics {
public:
    /// The Prometheus text exposition, process figures (memory, CPU, file descriptors, start time) included.
    virtual std::string expose() = 0;
};

std::unique_ptr<Metrics> make_metrics(std::string version);

}  // namespace dtmd::observe
