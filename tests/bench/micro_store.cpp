// The group-commit facade by itself: from a shard's loop to a store that does nothing, and back.
#include "bench/micro_samples.h"
#include "net/asio_loop.h"
#include "store/group_commit.h"

#include <benchmark/benchmark.h>
#include <boost/asio/executor_work_guard.hpp>

#include <algorithm>

namespace dtmd::micro {
namespace {

/// Everything is done at once, and nothing is there.
class NoDatabase final : public store::Backend {
public:
    Result<void> apply(std::span<const store::Mutation>, std::span<store::Outcome> outcomes) override {
        std::ranges::fill(outcomes, store::Outcome::ok);
        return {};
    }
    Result<std::optional<txn::Transaction>> load(const std::string&) override {
        return std::optional<txn::Transaction>();
    }
    Result<store::Page> list(const store::Filter&, const std::string&, std::size_t) override { return store::Page(); }
    Result<store::Claims> claim_due(Time, Time, std::size_t) override { return store::Claims(); }
    Result<std::pair<std::size_t, bool>> reset_due(Time, Time, std::size_t) override {
        return std::pair<std::size_t, bool>();
    }
    Result<std::size_t> expire(Time, std::size_t) override { return std::size_t{0}; }
    Result<store::Counts> counts() override { return store::Counts(); }
    Result<store::KeyValuePage> kv_scan(const std::string&, const std::string&, std::size_t) override {
        return store::KeyValuePage();
    }
    Result<std::optional<store::KeyValue>> kv_find(const std::string&, const std::string&) override {
        return std::optional<store::KeyValue>();
    }
    Result<store::Outcome> kv_create(const store::KeyValue&) override { return store::Outcome::ok; }
    Result<store::Outcome> kv_update(const store::KeyValue&) override { return store::Outcome::ok; }
    Result<store::Outcome> kv_delete(const std::string&, const std::string&) override { return store::Outcome::ok; }
    Result<void> ping() override { return {}; }
};

class CountedBatches final : public observe::StoreMetrics {
public:
    void batch_written(std::size_t, double) override { ++batches; }
    void batch_failed() override {}
    void read_done(double) override {}
    void queue_length(std::size_t) override {}
    std::atomic<std::int64_t> batches{0};
};

store::Mutation update_of(std::size_t number) {
    store::Mutation mutation;
    mutation.gid = "4fJ9sQmXeK2vWbN7a" + std::to_string(number);
    mutation.expect = txn::Status::submitted;
    mutation.patch.update_time = Time(Millis(1'790'000'001'000));
    mutation.patch.rows.emplace_back().status = txn::BranchStatus::succeed;
    return mutation;
}

// So many changes of different transactions at once, again and again.
void apply_changes(benchmark::State& state) {
    const auto at_once = static_cast<std::size_t>(state.range(0));
    CountedBatches metrics;
    net::AsioLoop loop;
    const auto work = boost::asio::make_work_guard(loop.context());
    const auto store = store::make_group_commit_store([] { return std::make_unique<NoDatabase>(); }, {}, metrics);
    for (auto _ : state) {
        std::size_t done = 0;
        for (std::size_t i = 0; i < at_once; ++i) {
            store->apply(loop, update_of(i), [&done](store::Outcome) { ++done; });
        }
        while (done < at_once) loop.context().run_one();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.counters["changes per batch"] = static_cast<double>(state.iterations() * state.range(0)) /
                                          static_cast<double>(std::max<std::int64_t>(metrics.batches, 1));
}

BENCHMARK(apply_changes)->Name("group commit/there and back, at once")->Arg(1)->Arg(32)->Arg(256)->UseRealTime();

}  // namespace
}  // namespace dtmd::micro
