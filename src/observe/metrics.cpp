#include "observe/metrics.h"

#include "observe/process_figures.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace dtmd::observe {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

const Buckets go_buckets{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};  // dtm's: its dashboards expect them.
const Buckets fine_buckets{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
const Buckets size_buckets{1, 2, 4, 8, 16, 32, 64, 128, 256};

template <class Metric>
Family<Metric>& family(prometheus::Registry& registry, const std::string& name, const std::string& help);
template <>
Family<Counter>& family(prometheus::Registry& registry, const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
template <>
Family<Gauge>& family(prometheus::Registry& registry, const std::string& name, const std::string& help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
template <>
Family<Histogram>& family(prometheus::Registry& registry, const std::string& name, const std::string& help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

/// A family whose metrics are found by their label values without building a label map each time.
/// Reading takes a shared lock; values beyond `most` fold into "other", so that no client can grow the set for ever.
template <class Metric, std::size_t n>
class Labelled {
public:
    Labelled(Family<Metric>& metrics, std::array<std::string, n> names, Buckets buckets = {}, std::size_t most = 400)
        : metrics_(metrics), names_(std::move(names)), buckets_(std::move(buckets)), most_(most) {}

    Metric& at(const std::array<std::string_view, n>& values) {
        {
            std::shared_lock lock(mutex_);
            if (const auto found = known_.find(values); found != known_.end()) return *found->second;
        }
        std::unique_lock lock(mutex_);
        if (const auto found = known_.find(values); found != known_.end()) return *found->second;
        std::array<std::string, n> key;
        for (std::size_t i = 0; i < n; ++i) key[i] = known_.size() < most_ ? std::string(values[i]) : "other";
        if (const auto found = known_.find(key); found != known_.end()) return *found->second;
        prometheus::Labels labels;
        for (std::size_t i = 0; i < n; ++i) labels.emplace(names_[i], key[i]);
        Metric& metric = add(labels);
        known_.emplace(std::move(key), &metric);
        return metric;
    }

private:
    Metric& add(const prometheus::Labels& labels) {
        if constexpr (std::is_same_v<Metric, Histogram>) {
            return metrics_.Add(labels, buckets_);
        } else {
            return metrics_.Add(labels);
        }
    }

    struct Less {
        using is_transparent = void;
        template <class A, class B>
        bool operator()(const A& a, const B& b) const {
            return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                                [](std::string_view x, std::string_view y) { return x < y; });
        }
    };
    Family<Metric>& metrics_;
    std::array<std::string, n> names_;
    Buckets buckets_;
    std::size_t most_;
    std::shared_mutex mutex_;
    std::map<std::array<std::string, n>, Metric*, Less> known_;
};

// A workflow's ops are named by its author; only the protocol's own become labels.
std::string_view known_op(std::string_view op) {
    for (const std::string_view known : {"action", "compensate", "confirm", "cancel", "commit", "rollback", "msg"}) {
        if (op == known) return known;
    }
    return "other";
}

// dtm labels by branch id; the tenth and all after it share a series.
std::string_view known_branch(std::string_view branch_id) {
    const bool small = branch_id.size() == 2 && branch_id[0] == '0' && branch_id[1] >= '0' && branch_id[1] <= '9';
    return small ? branch_id : "other";
}

class PrometheusMetrics final : public Metrics {
public:
    explicit PrometheusMetrics(std::string version) {
        family<Gauge>(registry_, "dtm_server_info", "Versions of the server's parts.")
            .Add({{"gin_version", "dtmd " + version}, {"grpc_version", ""}})
            .Set(1);
        family<Gauge>(registry_, "dtmd_build_info", "Version of dtmd.").Add({{"version", version}}).Set(1);
    }

    void batch_written(std::size_t mutations, double seconds) override {
        batch_size_.Observe(static_cast<double>(mutations));
        batch_seconds_.Observe(seconds);
    }
    void batch_failed() override { batch_failures_.Increment(); }
    void read_done(double seconds) override { read_seconds_.Observe(seconds); }
    void queue_length(std::size_t waiting) override { store_queue_.Set(static_cast<double>(waiting)); }

    void transaction_processed(std::string_view mode, bool ok, double seconds) override {
        processed_.at({mode, ok ? "ok" : "fail"}).Increment();
        handled_.at({mode}).Observe(seconds);
    }
    void transaction_status(std::string_view mode, std::string_view status) override { entered_.at({mode, status}).Increment(); }
    void branch_answered(std::string_view mode, std::string_view branch_id, std::string_view op, std::string_view result,
                         double seconds) override {
        const std::string_view ok = result == "success" ? "ok" : "fail";
        branches_.at({mode, known_branch(branch_id), known_op(op), ok}).Increment();
        branch_seconds_.at({known_op(op), result}).Observe(seconds);
    }
    void retried(std::string_view mode) override { retries_.at({mode}).Increment(); }
    void in_flight(std::int64_t change) override { in_flight_.Increment(static_cast<double>(change)); }
    void waiting(std::int64_t change) override { waiting_.Increment(static_cast<double>(change)); }
    void claimed(std::size_t count, double lag_seconds) override {
        claims_.Increment(static_cast<double>(count));
        claim_lag_.Observe(lag_seconds);
    }
    void unfinished(std::uint64_t count, double oldest_age_seconds) override {
        unfinished_.Set(static_cast<double>(count));
        oldest_age_.Set(oldest_age_seconds);
    }
    void breaker_open(std::int64_t change) override { breakers_.Increment(static_cast<double>(change)); }
    void alert(bool sent) override { alerts_.at({sent ? "sent" : "failed"}).Increment(); }

    void request_answered(std::string_view type, std::string_view api, bool ok, double seconds) override {
        requests_.at({type, api, ok ? "ok" : "fail"}).Increment();
        request_seconds_.at({type, api}).Observe(seconds);
    }

    std::string expose() override {
        const ProcessFigures figures = read_process_figures();
        cpu_.Increment(std::max(0.0, figures.cpu_seconds - cpu_.Value()));
        resident_.Set(static_cast<double>(figures.resident_bytes));
        open_files_.Set(static_cast<double>(figures.open_files));
        start_time_.Set(figures.start_time);
        return prometheus::TextSerializer{}.Serialize(registry_.Collect());
    }

private:
    template <class Metric>
    Family<Metric>& make(const char* name, const char* help) {
        return family<Metric>(registry_, name, help);
    }

    prometheus::Registry registry_;
    Labelled<Counter, 3> requests_{make<Counter>("dtm_server_process_total", "Requests answered."), {"type", "api", "status"}};
    Labelled<Histogram, 2> request_seconds_{make<Histogram>("dtm_server_response_duration", "Seconds from a request to its answer."), {"type", "api"}, go_buckets};
    Labelled<Counter, 2> processed_{make<Counter>("dtm_transaction_process_total", "Looks at transactions."), {"model", "status"}};
    Labelled<Histogram, 1> handled_{make<Histogram>("dtm_transaction_handled_duration", "Seconds since its creation when a transaction is looked at."), {"model"}, go_buckets};
    Labelled<Counter, 4> branches_{make<Counter>("dtm_branch_process_total", "Branch calls answered."), {"model", "branchid", "branchtype", "status"}};
    Labelled<Counter, 2> entered_{make<Counter>("dtmd_transactions_total", "Transactions that entered a status."), {"mode", "status"}};
    Labelled<Histogram, 2> branch_seconds_{make<Histogram>("dtmd_branch_duration_seconds", "Seconds a branch call took."), {"op", "result"}, fine_buckets};
    Labelled<Counter, 1> retries_{make<Counter>("dtmd_branch_retries_total", "Branch calls that were not the first of their kind."), {"mode"}};
    Labelled<Counter, 1> alerts_{make<Counter>("dtmd_alerts_total", "Alerts, delivered or not."), {"result"}};
    Gauge& in_flight_ = make<Gauge>("dtmd_transactions_in_flight", "Transactions that are being worked on.").Add({});
    Gauge& waiting_ = make<Gauge>("dtmd_transactions_waiting", "Transactions in memory that wait for a retry.").Add({});
    Gauge& unfinished_ = make<Gauge>("dtmd_transactions_unfinished", "Transactions in the store that have not ended (estimate).").Add({});
    Gauge& oldest_age_ = make<Gauge>("dtmd_oldest_unfinished_age_seconds", "Age of the oldest transaction that has not ended.").Add({});
    Counter& claims_ = make<Counter>("dtmd_claims_total", "Overdue transactions taken up from the store.").Add({});
    Histogram& claim_lag_ = make<Histogram>("dtmd_claim_lag_seconds", "How overdue the oldest transaction of a claim was.").Add({}, go_buckets);
    Gauge& breakers_ = make<Gauge>("dtmd_circuit_breakers_open", "Participant hosts that are given up on for the moment.").Add({});
    Histogram& batch_size_ = make<Histogram>("dtmd_store_batch_size", "Changes written in one commit.").Add({}, size_buckets);
    Histogram& batch_seconds_ = make<Histogram>("dtmd_store_commit_seconds", "Seconds a commit took.").Add({}, fine_buckets);
    Counter& batch_failures_ = make<Counter>("dtmd_store_failures_total", "Commits that failed.").Add({});
    Histogram& read_seconds_ = make<Histogram>("dtmd_store_read_seconds", "Seconds a read took.").Add({}, fine_buckets);
    Gauge& store_queue_ = make<Gauge>("dtmd_store_queue", "Changes that wait for the next commit.").Add({});
    Counter& cpu_ = make<Counter>("process_cpu_seconds_total", "CPU seconds used, user and system.").Add({});
    Gauge& resident_ = make<Gauge>("process_resident_memory_bytes", "Resident memory.").Add({});
    Gauge& open_files_ = make<Gauge>("process_open_fds", "Open file descriptors.").Add({});
    Gauge& start_time_ = make<Gauge>("process_start_time_seconds", "Start, in seconds since the Unix epoch.").Add({});
};

}  // namespace

std::unique_ptr<Metrics> make_metrics(std::string version) { return std::make_unique<PrometheusMetrics>(std::move(version)); }

}  // namespace dtmd::observe
