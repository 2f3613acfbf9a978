#pragma once

#include "observe/histogram.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// Metrics (histograms are in their own header) and families of them, told apart by labels. Everything is safe to use
// from any thread.
namespace dtmd::observe {

class Counter {
public:
    static constexpr auto type = prometheus::MetricType::Counter;
    void add(double amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
    /// For totals that are kept elsewhere. A counter never goes back.
    void raise_to(double total) {
        double now = value_.load(std::memory_order_relaxed);
        while (now < total && !value_.compare_exchange_weak(now, total, std::memory_order_relaxed)) {
        }
    }
    void collect(prometheus::ClientMetric& into) const { into.counter.value = value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double> value_{0};
};

class Gauge {
public:
    static constexpr auto type = prometheus::MetricType::Gauge;
    void add(double change) { value_.fetch_add(change, std::memory_order_relaxed); }
    void set(double value) { value_.store(value, std::memory_order_relaxed); }
    void collect(prometheus::ClientMetric& into) const { into.gauge.value = value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double> value_{0};
};

/// What the exposition needs of a family, whatever its kind.
class AnyFamily {
public:
    virtual ~AnyFamily() = default;
    virtual prometheus::MetricFamily collect() const = 0;
};

/// One metric for each combination of label values that was seen. Finding a known one takes no lock and allocates
/// nothing. Combinations beyond `most` share one whose labels all say "other": no client can grow the set for ever.
template <class Metric, std::size_t labels>
class Family final : public AnyFamily {
public:
    using Values = std::array<std::string_view, labels>;
    using Names = std::array<const char*, labels>;

    Family(const char* name, const char* help, Names label_names, std::vector<double> bounds = {},
           std::size_t most = 200)
        : name_(name),
          help_(help),
          label_names_(label_names),
          bounds_(std::move(bounds)),
          most_(most),
          slots_(std::bit_ceil(2 * (most + 1))) {}

    Metric& at(const Values& values) {
        if (Metric* const found = find(values)) return *found;
        // Once it is full nothing is added, so that strangers don't cost the lock each time.
        if (Metric* const overflow = overflow_.load(std::memory_order_acquire)) return *overflow;
        return add(values);
    }

    prometheus::MetricFamily collect() const override {
        prometheus::MetricFamily family{name_, help_, Metric::type, {}};
        const std::lock_guard lock(mutex_);
        for (const Entry& entry : entries_) {
            prometheus::ClientMetric& metric = family.metric.emplace_back();
            for (std::size_t i = 0; i < labels; ++i) metric.label.push_back({label_names_[i], entry.values[i]});
            entry.metric.collect(metric);
        }
        return family;
    }

private:
    struct Entry {
        Entry(const Values& given, const std::vector<double>& bounds) : metric(make_metric(bounds)) {
            std::ranges::copy(given, values.begin());
        }
        std::array<std::string, labels> values;
        Metric metric;
    };
    using Slot = std::atomic<Entry*>;

    // The slot of these values, or the empty one where they belong. Half of the slots are always empty.
    Slot& slot_of(const Values& values) {
        std::size_t hash = 0;
        for (const std::string_view value : values) hash = hash * 31 + std::hash<std::string_view>{}(value);
        for (;; ++hash) {
            Slot& slot = slots_[hash & (slots_.size() - 1)];
            const Entry* const entry = slot.load(std::memory_order_acquire);
            if (entry == nullptr || std::equal(values.begin(), values.end(), entry->values.begin())) return slot;
        }
    }

    Metric* find(const Values& values) {
        Entry* const entry = slot_of(values).load(std::memory_order_acquire);
        return entry == nullptr ? nullptr : &entry->metric;
    }

    Metric& add(const Values& values) {
        const std::lock_guard lock(mutex_);
        if (Metric* const overflow = overflow_.load(std::memory_order_relaxed)) return *overflow;
        Values shown = values;
        if (entries_.size() >= most_) shown.fill("other");
        Slot& slot = slot_of(shown);
        Entry* entry = slot.load(std::memory_order_relaxed);
        if (entry == nullptr) {
            entry = &entries_.emplace_back(shown, bounds_);
            slot.store(entry, std::memory_order_release);
        }
        if (shown != values) overflow_.store(&entry->metric, std::memory_order_release);
        return entry->metric;
    }

    static Metric make_metric(const std::vector<double>& bounds) {
        if constexpr (std::is_same_v<Metric, Histogram>) {
            return Metric(bounds);
        } else {
            return Metric();
        }
    }

    const char* name_;
    const char* help_;
    Names label_names_;
    std::vector<double> bounds_;
    std::size_t most_;
    std::vector<Slot> slots_;
    std::atomic<Metric*> overflow_{nullptr};
    mutable std::mutex mutex_;   ///< Guards adding, and the walk of a collection.
    std::deque<Entry> entries_;  ///< Never moves an entry, never removes one.
};

}  // namespace dtmd::observe
