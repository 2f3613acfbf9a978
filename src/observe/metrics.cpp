#include "observe/metrics.h"

#include "observe/family.h"
#include "observe/labels.h"
#include "observe/log.h"
#include "observe/process_figures.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace dtmd::observe {
namespace {

using Bounds = std::vector<double>;

const Bounds go_bounds{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};  // dtm's: its dashboards expect them.
const Bounds fine_bounds{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
const Bounds lag_bounds{.01, .05, .1, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600};
const Bounds size_bounds{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

constexpr std::size_t most_branch_series = 400;

class PrometheusMetrics final : public Metrics {
public:
    explicit PrometheusMetrics(const std::string& version) {
        make<Gauge, 2>("dtm_server_info", "Versions of the server's parts.", {"gin_version", "grpc_version"})
            .at({"dtmd " + version, ""})
            .set(1);
        make<Gauge, 1>("dtmd_build_info", "Version of dtmd.", {"version"}).at({version}).set(1);
        show_from_the_start();
    }

    void batch_written(std::size_t mutations, double seconds) override {
        batch_size_.observe(static_cast<double>(mutations));
        batch_seconds_.observe(seconds);
    }
    void batch_failed() override { batch_failures_.add(); }
    void read_done(double seconds) override { read_seconds_.observe(seconds); }
    void queue_length(std::size_t waiting) override { store_queue_.set(static_cast<double>(waiting)); }

    void store_up(bool up) override { store_up_.set(up ? 1 : 0); }
    void store_durable(bool durable) override { store_durable_.set(durable ? 1 : 0); }

    void transaction_processed(std::string_view mode, bool ok, double seconds) override {
        processed_.at({labels::mode(mode), labels::outcome(ok)}).add();
        handled_.at({labels::mode(mode)}).observe(seconds);
    }
    void transaction_status(std::string_view mode, std::string_view status) override {
        entered_.at({labels::mode(mode), labels::status(status)}).add();
    }
    void branch_answered(std::string_view mode, std::string_view branch_id, std::string_view op,
                         std::string_view result, double seconds) override {
        const std::string_view outcome = labels::outcome(result == "success");
        branches_.at({labels::mode(mode), labels::branch_id(branch_id), labels::op(op), outcome}).add();
        branch_seconds_.at({labels::op(op), labels::result(result)}).observe(seconds);
    }
    void retried(std::string_view mode) override { retries_.at({labels::mode(mode)}).add(); }
    void in_flight(std::int64_t change) override { in_flight_.add(static_cast<double>(change)); }
    void waiting(std::int64_t change) override { waiting_.add(static_cast<double>(change)); }
    void claimed(std::size_t count, double lag_seconds) override {
        claims_.add(static_cast<double>(count));
        claim_lag_.observe(lag_seconds);
    }
    void unfinished(std::uint64_t count, double oldest_age_seconds) override {
        unfinished_.set(static_cast<double>(count));
        oldest_age_.set(oldest_age_seconds);
    }
    void breaker_open(std::int64_t change) override { breakers_.add(static_cast<double>(change)); }
    void alert(bool sent) override { alerts_.at({sent ? "sent" : "failed"}).add(); }

    void request_answered(std::string_view type, std::string_view api, bool ok, double seconds) override {
        const std::string_view route = labels::api(api);
        requests_.at({type, route, labels::outcome(ok)}).add();
        request_seconds_.at({type, route}).observe(seconds);
    }

    std::string expose() override {
        const ProcessFigures figures = read_process_figures();
        cpu_.raise_to(figures.cpu_seconds);
        resident_.set(static_cast<double>(figures.resident_bytes));
        virtual_.set(static_cast<double>(figures.virtual_bytes));
        open_files_.set(static_cast<double>(figures.open_files));
        most_files_.set(static_cast<double>(figures.most_files));
        start_time_.set(figures.start_time);
        log_dropped_.raise_to(static_cast<double>(log::dropped()));

        std::vector<prometheus::MetricFamily> collected;
        for (const auto& family : families_) collected.push_back(family->collect());
        std::ranges::sort(collected, {}, &prometheus::MetricFamily::name);
        return prometheus::TextSerializer{}.Serialize(collected);
    }

private:
    template <class Metric, std::size_t n>
    Family<Metric, n>& make(const char* name, const char* help, std::array<const char*, n> labels, Bounds bounds = {},
                            std::size_t most = 200) {
        auto family = std::make_unique<Family<Metric, n>>(name, help, labels, std::move(bounds), most);
        Family<Metric, n>& result = *family;
        families_.push_back(std::move(family));
        return result;
    }
    template <class Metric>
    Metric& make_one(const char* name, const char* help, Bounds bounds = {}) {
        return make<Metric, 0>(name, help, {}, std::move(bounds), 1).at({});
    }

    // A rate() sees the first event only if there was a zero before it.
    void show_from_the_start() {
        store_up_.set(1);
        store_durable_.set(1);
        for (const std::string_view mode : labels::modes) {
            retries_.at({mode});
            for (const std::string_view status : labels::statuses) entered_.at({mode, status});
        }
        for (const char* const result : {"sent", "failed"}) alerts_.at({result});
    }

    std::vector<std::unique_ptr<AnyFamily>> families_;  // Before its users below: they add to it.

    Family<Counter, 3>& requests_ =
        make<Counter, 3>("dtm_server_process_total", "Requests answered.", {"type", "api", "status"});
    Family<Histogram, 2>& request_seconds_ = make<Histogram, 2>(
        "dtm_server_response_duration", "Seconds from a request to its answer.", {"type", "api"}, go_bounds);
    Family<Counter, 2>& processed_ =
        make<Counter, 2>("dtm_transaction_process_total", "Looks at transactions.", {"model", "status"});
    Family<Histogram, 1>& handled_ = make<Histogram, 1>(
        "dtm_transaction_handled_duration", "Age in seconds of transactions that are looked at.", {"model"}, go_bounds);
    Family<Counter, 4>& branches_ =
        make<Counter, 4>("dtm_branch_process_total", "Branch calls answered.",
                         {"model", "branchid", "branchtype", "status"}, {}, most_branch_series);
    Family<Counter, 2>& entered_ =
        make<Counter, 2>("dtmd_transactions_total", "Transactions that entered a status.", {"mode", "status"});
    Family<Histogram, 2>& branch_seconds_ = make<Histogram, 2>(
        "dtmd_branch_duration_seconds", "Seconds a branch call took.", {"op", "result"}, fine_bounds);
    Family<Counter, 1>& retries_ =
        make<Counter, 1>("dtmd_branch_retries_total", "Branch calls that were not the branch's first.", {"mode"});
    Family<Counter, 1>& alerts_ = make<Counter, 1>("dtmd_alerts_total", "Alerts, delivered or not.", {"result"});

    Gauge& in_flight_ = make_one<Gauge>("dtmd_transactions_in_flight", "Transactions that are being worked on.");
    Gauge& waiting_ = make_one<Gauge>("dtmd_transactions_waiting", "Transactions in memory that wait for a retry.");
    Gauge& unfinished_ =
        make_one<Gauge>("dtmd_transactions_unfinished", "Transactions in the store that have not ended.");
    Gauge& oldest_age_ =
        make_one<Gauge>("dtmd_oldest_unfinished_age_seconds", "Age of the oldest transaction that has not ended.");
    Counter& claims_ = make_one<Counter>("dtmd_claims_total", "Overdue transactions taken up from the store.");
    Histogram& claim_lag_ =
        make_one<Histogram>("dtmd_claim_lag_seconds", "How overdue the oldest of a claim was.", lag_bounds);
    Gauge& breakers_ =
        make_one<Gauge>("dtmd_circuit_breakers_open", "Participant hosts that are given up on for the moment.");
    Histogram& batch_size_ =
        make_one<Histogram>("dtmd_store_batch_size", "Changes written in one commit.", size_bounds);
    Histogram& batch_seconds_ = make_one<Histogram>("dtmd_store_commit_seconds", "Seconds a commit took.", fine_bounds);
    Counter& batch_failures_ = make_one<Counter>("dtmd_store_failures_total", "Commits that failed.");
    Histogram& read_seconds_ = make_one<Histogram>("dtmd_store_read_seconds", "Seconds a read took.", fine_bounds);
    Gauge& store_queue_ = make_one<Gauge>("dtmd_store_queue", "Changes that wait for the next commit.");
    Gauge& store_up_ = make_one<Gauge>("dtmd_store_up", "1: the store answers.");
    Gauge& store_durable_ =
        make_one<Gauge>("dtmd_store_durable", "1: the store's own settings keep what it has acknowledged.");
    Counter& log_dropped_ = make_one<Counter>("dtmd_log_lines_dropped_total", "Log lines that a full queue has cost.");

    Counter& cpu_ = make_one<Counter>("process_cpu_seconds_total", "CPU seconds used, user and system.");
    Gauge& resident_ = make_one<Gauge>("process_resident_memory_bytes", "Resident memory.");
    Gauge& virtual_ = make_one<Gauge>("process_virtual_memory_bytes", "Address space in use.");
    Gauge& open_files_ = make_one<Gauge>("process_open_fds", "Open file descriptors.");
    Gauge& most_files_ = make_one<Gauge>("process_max_fds", "Most file descriptors that may be open.");
    Gauge& start_time_ = make_one<Gauge>("process_start_time_seconds", "Start, in seconds since the Unix epoch.");
};

}  // namespace

std::unique_ptr<Metrics> make_metrics(std::string version) { return std::make_unique<PrometheusMetrics>(version); }

}  // namespace dtmd::observe
